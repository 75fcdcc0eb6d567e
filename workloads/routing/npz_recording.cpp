// A zip of NumPy arrays. vLLM gives routed_experts of a request as integers [seq, layer, topk]
// (vllm/outputs.py, CompletionOutput), with a row for every token that went through the model, the prompt's
// included, and a layer for every layer of the model, dense ones left at 0; numpy.savez keeps many of them.
#include <zip.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <set>
#include <stdexcept>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/quote.hpp"
#include "workloads/requests/trace.hpp"
#include "workloads/routing/npy.hpp"
#include "workloads/routing/recording.hpp"
#include "workloads/routing/shape_text.hpp"

namespace switchyard {
namespace {

constexpr std::uintmax_t kLargestFile = std::uintmax_t{1} << 30;
constexpr zip_int64_t kMostMembers = 1'000'000;

using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;

std::string text_of(zip_error_t& error) {
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

Archive open_archive(const std::string& path) {
  check_trace_file(path);
  std::error_code ignored;
  if (std::filesystem::file_size(path, ignored) > kLargestFile)
    throw InputError(one_line(path), "is larger than 1 GiB; keep fewer sequences");
  int code = 0;
  Archive archive(zip_open(path.c_str(), ZIP_RDONLY, &code), zip_discard);
  if (!archive) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    throw InputError(one_line(path), "is no NPZ file, or a damaged one (" + text_of(error) +
                                         "); give what numpy.savez wrote");
  }
  return archive;
}

/// One array of the archive, read from front to back.
class Member {
 public:
  Member(zip_t* archive, zip_uint64_t index, const std::string& path, std::string name)
      : path_(path), name_(std::move(name)), file_(zip_fopen_index(archive, index, 0), zip_fclose) {
    if (!file_) fail("cannot be unpacked: " + std::string(zip_strerror(archive)));
  }

  [[noreturn]] void fail(const std::string& problem) const {
    throw InputError(one_line(path_), in_quotes(name_) + " " + problem);
  }

  void read(std::span<unsigned char> bytes) {
    if (take(bytes) != bytes.size())
      fail("ends after " + std::to_string(taken_) + " bytes, before its data does");
  }

  /// Also makes the library compare the checksum.
  void expect_end() {
    std::array<unsigned char, 1> byte{};
    if (take(byte) != 0) fail("goes on after the data that its header tells of");
  }

  const std::string& name() const { return name_; }

 private:
  std::size_t take(std::span<unsigned char> bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const zip_int64_t got = zip_fread(file_.get(), bytes.data() + done, bytes.size() - done);
      if (got < 0) fail("cannot be unpacked: " + std::string(zip_file_strerror(file_.get())));
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    taken_ += done;
    return done;
  }

  const std::string& path_;
  std::string name_;
  std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file_;
  std::size_t taken_ = 0;
};

/// Little-endian, of 1 to 8 bytes. An unsigned number beyond 63 bits becomes negative: no expert either way.
std::int64_t integer_at(const unsigned char* bytes, std::size_t size, char kind) {
  std::uint64_t bits = 0;
  for (std::size_t i = size; i-- > 0;) bits = bits << 8 | bytes[i];
  const std::uint64_t sign = std::uint64_t{1} << (8 * size - 1);
  if (kind == 'i' && (bits & sign) != 0 && size < 8) bits |= ~std::uint64_t{0} << (8 * size);
  return static_cast<std::int64_t>(bits);
}

/// Reads the arrays of an archive into sequences that agree in their layers and experts per token.
class NpzReader {
 public:
  explicit NpzReader(const std::string& path) : path_(path), archive_(open_archive(path)) {}

  RoutingRecording read() {
    const zip_int64_t members = zip_get_num_entries(archive_.get(), 0);
    if (members > kMostMembers) throw InputError(one_line(path_), "has more than a million members");
    for (zip_int64_t i = 0; i < members; ++i) read_member(static_cast<zip_uint64_t>(i));
    if (recording_.sequences.empty()) {
      throw InputError(one_line(path_),
                       "has no array of whole numbers [seq, layer, topk]; give vLLM's routed_experts");
    }
    refuse_equal_names();
    return std::move(recording_);
  }

 private:
  /// "a[0]" may be an array of that name, or the first of the batch "a".
  void refuse_equal_names() const {
    std::vector<std::string_view> names;
    for (const RecordedSequence& sequence : recording_.sequences) names.emplace_back(sequence.name);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice == names.end()) return;
    throw InputError(one_line(path_), "has two sequences " + in_quotes(std::string(*twice)) +
                                          ", one of a batch and one alone; rename one of the arrays");
  }

  void read_member(zip_uint64_t index) {
    const char* raw = zip_get_name(archive_.get(), index, 0);
    const std::string name = raw == nullptr ? "" : raw;
    if (!names_.insert(name).second) throw InputError(one_line(path_), "has " + in_quotes(name) + " twice");
    if (!name.ends_with(".npy")) return;
    Member member(archive_.get(), index, path_, name);
    NpyArray array;
    try {
      array = read_npy_header([&](std::span<unsigned char> bytes) { member.read(bytes); });
    } catch (const std::invalid_argument& error) {
      member.fail(error.what());
    }
    if (array.shape.size() != 3 && array.shape.size() != 4) return;  // token ids, lengths, …
    check(member, array);
    const bool batched = array.shape.size() == 4;
    const std::int64_t sequences = batched ? array.shape[0] : 1;
    for (std::int64_t i = 0; i < sequences; ++i) read_sequence(member, array, i);
    member.expect_end();
  }

  void check(const Member& member, const NpyArray& array) {
    const std::string shape = shape_text(array.shape);
    if (array.kind() != 'i' && array.kind() != 'u')
      member.fail("has the type " + array.type + "; experts are whole numbers: save it with .astype('<i4')");
    const auto [tokens, layers, top_k] =
        std::array{*(array.shape.end() - 3), *(array.shape.end() - 2), *(array.shape.end() - 1)};
    if (tokens == 0 || layers == 0 || top_k == 0 || array.shape[0] == 0)
      member.fail("has the shape " + shape + ", which holds nothing; leave it out");
    if (recording_.layers == 0) {
      recording_.layers = layers;
      recording_.top_k = top_k;
    }
    if (layers != recording_.layers || top_k != recording_.top_k) {
      member.fail("has the shape " + shape + ", the arrays before it have " +
                  std::to_string(recording_.layers) + " layers of " + std::to_string(recording_.top_k) +
                  " experts; give arrays of one model");
    }
    std::size_t elements = 1;
    for (const std::int64_t size : array.shape) elements *= static_cast<std::size_t>(size);
    if (elements > kMostAssignments - assignments_) {
      member.fail("has the shape " + shape + ", which makes more than " + std::to_string(kMostAssignments) +
                  " assignments in all; keep fewer sequences");
    }
    assignments_ += elements;
  }

  /// A batch of sequences is padded with tokens of -1, which are cut off.
  void read_sequence(Member& member, const NpyArray& array, std::int64_t index) {
    const bool batched = array.shape.size() == 4;
    const std::string stem = member.name().substr(0, member.name().size() - 4);
    const std::size_t slash = stem.rfind('/');
    RecordedSequence sequence;
    sequence.name = batched ? stem + "[" + std::to_string(index) + "]" : stem;
    sequence.domain = slash == stem.npos ? "" : stem.substr(0, slash);
    const auto row = static_cast<std::size_t>(recording_.layers * recording_.top_k);
    read_experts(member, array, static_cast<std::size_t>(*(array.shape.end() - 3)) * row, sequence.experts);
    if (batched) {
      const auto last = std::find_if(sequence.experts.rbegin(), sequence.experts.rend(),
                                     [](std::uint16_t expert) { return expert != kNotRecorded; });
      const auto used = static_cast<std::size_t>(sequence.experts.rend() - last);
      sequence.experts.resize((used + row - 1) / row * row);
    }
    if (!sequence.experts.empty()) recording_.sequences.push_back(std::move(sequence));
  }

  void read_experts(Member& member, const NpyArray& array, std::size_t count,
                    std::vector<std::uint16_t>& experts) {
    const std::size_t size = array.element_bytes();
    std::array<unsigned char, std::size_t{1} << 16> buffer{};
    while (count > 0) {  // memory grows with what the file holds, not with what its header tells
      const std::size_t part = std::min(count, buffer.size() / size);
      member.read(std::span(buffer).first(part * size));
      for (std::size_t i = 0; i < part; ++i) {
        const std::int64_t expert = integer_at(buffer.data() + i * size, size, array.kind());
        if (expert < -1 || expert >= kNotRecorded) {
          const auto row = static_cast<std::size_t>(recording_.layers * recording_.top_k);
          member.fail("has " + std::to_string(expert) + " for an expert at token " +
                      std::to_string(experts.size() / row) + "; experts are counted from 0");
        }
        experts.push_back(expert == -1 ? kNotRecorded : static_cast<std::uint16_t>(expert));
      }
      count -= part;
    }
  }

  const std::string& path_;
  Archive archive_;
  std::set<std::string> names_;
  std::size_t assignments_ = 0;
  RoutingRecording recording_;
};

std::string npy_of(const RoutingRecording& recording, const RecordedSequence& sequence) {
  const std::array shape = {recording.tokens(sequence), recording.layers, recording.top_k};
  std::string bytes = npy_header("<i2", shape);
  bytes.reserve(bytes.size() + 2 * sequence.experts.size());
  for (const std::uint16_t expert : sequence.experts) {
    bytes += static_cast<char>(expert & 0xff);
    bytes += static_cast<char>(expert >> 8);
  }
  return bytes;
}

[[noreturn]] void refuse_to_write(const std::string& path, zip_t* archive) {
  throw InputError(one_line(path), "cannot be written: " + std::string(zip_strerror(archive)));
}

/// Adds a member, stored as numpy.savez does, dated 1980-01-01: the bytes depend on nothing else.
void add_member(zip_t* archive, const std::string& path, const std::string& name, const std::string& bytes) {
  zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
  const zip_int64_t index =
      source == nullptr ? -1 : zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    if (source != nullptr) zip_source_free(source);
    refuse_to_write(path, archive);
  }
  const auto member = static_cast<zip_uint64_t>(index);
  constexpr zip_uint16_t kFirstDay = 0x21;
  if (zip_set_file_compression(archive, member, ZIP_CM_STORE, 0) != 0 ||
      zip_file_set_dostime(archive, member, 0, kFirstDay, 0) != 0)
    refuse_to_write(path, archive);
}

/// The bytes of an archive that was written into memory; closes the source.
std::string bytes_of(zip_source_t* source) {
  std::string bytes;
  zip_stat_t stat;
  if (zip_source_stat(source, &stat) == 0 && (stat.valid & ZIP_STAT_SIZE) != 0 &&
      zip_source_open(source) == 0) {
    bytes.resize(stat.size);
    const zip_int64_t got = zip_source_read(source, bytes.data(), bytes.size());
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    zip_source_close(source);
  }
  return bytes;
}

}  // namespace

RoutingRecording read_routing_npz(const std::string& path) { return NpzReader(path).read(); }

void write_routing_npz(const std::string& path, const RoutingRecording& recording) {
  std::vector<std::string> members;  // the archive reads them when it is closed
  for (const RecordedSequence& sequence : recording.sequences) members.push_back(npy_of(recording, sequence));

  zip_error_t error;
  zip_error_init(&error);
  using Source = std::unique_ptr<zip_source_t, decltype(&zip_source_free)>;
  Source source(zip_source_buffer_create(nullptr, 0, 0, &error), zip_source_free);
  Archive archive(source ? zip_open_from_source(source.get(), ZIP_TRUNCATE, &error) : nullptr, zip_discard);
  if (!archive) throw InputError(one_line(path), "cannot be written: " + text_of(error));
  zip_source_keep(source.get());
  for (std::size_t i = 0; i < members.size(); ++i)
    add_member(archive.get(), path, recording.sequences[i].name + ".npy", members[i]);
  if (zip_close(archive.get()) != 0) refuse_to_write(path, archive.get());
  static_cast<void>(archive.release());  // closed
  write_file_atomically(path, bytes_of(source.get()));
}

}  // namespace switchyard
