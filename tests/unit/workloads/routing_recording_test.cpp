// Recordings: what is written is read back, and what is no recording is refused with the reason.
#include "workloads/routing/recording.hpp"

#include <zip.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <numeric>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "tests/support/temporary_folder.hpp"
#include "workloads/routing/npy.hpp"

using namespace switchyard;
using Catch::Matchers::Contains;

namespace {

RoutingRecording small_recording() {
  return {2, 2, {{"law/a", "law", {0, 1, 2, 3, 4, 5, 6, 7}}, {"b", "", {1, 0, kNotRecorded, 3}}}};
}

bool same(const RoutingRecording& a, const RoutingRecording& b) {
  if (a.layers != b.layers || a.top_k != b.top_k || a.sequences.size() != b.sequences.size()) return false;
  for (std::size_t s = 0; s < a.sequences.size(); ++s) {
    const RecordedSequence &left = a.sequences[s], &right = b.sequences[s];
    if (left.name != right.name || left.domain != right.domain || left.experts != right.experts) return false;
  }
  return true;
}

std::string what_fails(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "nothing";
}

/// An array in NumPy's format, its elements all of one type.
template <class Element>
std::string npy(std::string_view type, const std::vector<std::int64_t>& shape,
                const std::vector<Element>& values) {
  std::string bytes = npy_header(type, shape);
  return bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Element));
}

std::vector<int> counted(int count) {
  std::vector<int> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), 0);
  return values;
}

/// Archives in a folder of their own.
class Archives {
 public:
  using Members = std::vector<std::pair<std::string, std::string>>;

  std::string write(const Members& members, zip_int32_t compression = ZIP_CM_DEFLATE) const {
    const std::string path = (folder_.path() / "routing.npz").string();
    int code = 0;
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
    REQUIRE(archive != nullptr);
    for (const auto& [name, bytes] : members) {
      zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
      const zip_int64_t index = zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
      REQUIRE(index >= 0);
      REQUIRE(zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), compression, 0) == 0);
    }
    REQUIRE(zip_close(archive) == 0);
    return path;
  }

  std::string refusal(const Members& members) const {
    const std::string path = write(members);
    return what_fails([&] { read_routing_npz(path); });
  }
  std::string refusal(std::string_view bytes) const {
    const std::string path = folder_.write("damaged.npz", bytes).string();
    return what_fails([&] { read_routing_npz(path); });
  }

 private:
  TemporaryFolder folder_;
};

std::string csv_refusal(const std::string& text) {
  const TemporaryFolder folder;
  const std::string path = folder.write("routing.csv", text).string();
  return what_fails([&] { read_routing_csv(path); });
}

const std::string kHeader = "sequence,position,layer,expert_0,expert_1\n";

}  // namespace

TEST_CASE("A recording that is written is read back the same, in every format") {
  const TemporaryFolder folder;
  for (const RecordingFormat& format : recording_formats()) {
    const std::string path = (folder.path() / ("routing" + std::string(format.name))).string();
    INFO(path);
    write_recording(path, small_recording(), "--export");
    CHECK(same(read_recording(path, "/routing/trace"), small_recording()));
    const std::string bytes = read_text_file(path);
    write_recording(path, small_recording(), "--export");
    CHECK(read_text_file(path) == bytes);
  }
}

TEST_CASE("Arrays of whole numbers of every size are read, stored or deflated") {
  const Archives archives;
  const std::vector<std::int64_t> shape = {2, 3, 2};
  const std::vector<std::uint8_t> bytes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255};
  const std::vector<std::int16_t> shorts(bytes.begin(), bytes.end());
  const std::vector<std::uint32_t> words(bytes.begin(), bytes.end());
  const std::vector<std::int64_t> longs(bytes.begin(), bytes.end());
  for (const zip_int32_t compression : {ZIP_CM_STORE, ZIP_CM_DEFLATE}) {
    const RoutingRecording read = read_routing_npz(archives.write({{"u1.npy", npy("|u1", shape, bytes)},
                                                                   {"i2.npy", npy("<i2", shape, shorts)},
                                                                   {"u4.npy", npy("<u4", shape, words)},
                                                                   {"i8.npy", npy("<i8", shape, longs)}},
                                                                  compression));
    REQUIRE(read.sequences.size() == 4);
    for (const RecordedSequence& sequence : read.sequences)
      CHECK(sequence.experts == std::vector<std::uint16_t>(bytes.begin(), bytes.end()));
  }
}

TEST_CASE("A batch of sequences loses its padding, and arrays of other kinds are passed over") {
  const Archives archives;
  std::vector<int> batch = counted(12);
  std::fill(batch.begin() + 8, batch.end(), -1);
  const RoutingRecording read =
      read_routing_npz(archives.write({{"token_ids.npy", npy("<i4", {5}, counted(5))},
                                       {"routed_experts.npy", npy("<i4", {2, 3, 1, 2}, batch)},
                                       {"README.txt", "text"}}));
  REQUIRE(read.sequences.size() == 2);
  CHECK(read.sequences[0].name == "routed_experts[0]");
  CHECK(read.tokens(read.sequences[0]) == 3);
  CHECK(read.tokens(read.sequences[1]) == 1);
}

TEST_CASE("A sequence of a batch and one alone must not have the same name") {
  const Archives archives;
  const std::string batch = npy("<i4", {2, 1, 1, 2}, counted(4)), alone = npy("<i4", {1, 1, 2}, counted(2));
  CHECK_THAT(archives.refusal({{"a.npy", batch}, {"a[1].npy", alone}}),
             Contains("routing.npz: has two sequences \"a[1]\""));
  CHECK(read_routing_npz(archives.write({{"a.npy", batch}, {"a[2].npy", alone}})).sequences.size() == 3);
}

TEST_CASE("An archive that is damaged or cut short is refused") {
  const Archives archives;
  const std::string whole =
      read_text_file(archives.write({{"a.npy", npy("<i4", {2, 3, 2}, counted(12))}}, ZIP_CM_STORE));
  CHECK_THAT(archives.refusal(""), Contains("damaged.npz: is no NPZ file"));
  CHECK_THAT(archives.refusal("PK\x03\x04"), Contains("is no NPZ file, or a damaged one"));
  for (const std::size_t size : {whole.size() / 4, whole.size() / 2, whole.size() - 1})
    CHECK_THAT(archives.refusal(whole.substr(0, size)), Contains("damaged.npz: "));
  std::string flipped = whole;
  const std::size_t last_experts = whole.find(std::string("\x0a\0\0\0\x0b\0\0\0", 8));
  REQUIRE(last_experts != std::string::npos);
  flipped[last_experts] ^= 1;
  CHECK_THAT(archives.refusal(flipped), Contains("\"a.npy\" cannot be unpacked: CRC error"));
}

TEST_CASE("An array that is not what its header says is refused by its name") {
  const Archives archives;
  const auto refusal = [&](const std::string& bytes) { return archives.refusal({{"a.npy", bytes}}); };
  const std::string good = npy("<i4", {2, 3, 2}, counted(12));
  CHECK_THAT(refusal(good.substr(0, good.size() - 1)), Contains("\"a.npy\" ends after "));
  CHECK_THAT(refusal(good.substr(0, 40)), Contains("\"a.npy\" ends after 40 bytes"));
  CHECK_THAT(refusal(good + "x"), Contains("goes on after the data"));
  CHECK_THAT(refusal("text"), Contains("ends after 4 bytes"));
  CHECK_THAT(refusal("text, text, text"), Contains("is no NumPy array"));
  CHECK_THAT(refusal(npy("<i4", {1'000'000, 1'000, 8}, counted(12))), Contains("keep fewer sequences"));
  CHECK_THAT(refusal(npy("<i4", {1LL << 40, 1LL << 40, 8}, counted(12))), Contains("2^40"));
  CHECK_THAT(refusal(npy("<i4", {0, 3, 2}, counted(0))), Contains("[0, 3, 2], which holds nothing"));
  CHECK_THAT(refusal(npy("<i4", {1, 1, 1}, std::vector<int>{-2})),
             Contains("has -2 for an expert at token 0"));
  CHECK_THAT(refusal(npy("<i4", {1, 1, 1}, std::vector<int>{65535})), Contains("has 65535 for an expert"));
  CHECK_THAT(refusal(npy("<f4", {1, 1, 1}, std::vector<float>{0})), Contains("experts are whole numbers"));
  CHECK_THAT(refusal(npy("<i4", {12}, counted(12))),
             Contains("no array of whole numbers [seq, layer, topk]"));
  CHECK_THAT(archives.refusal({{"a.npy", good}, {"b.npy", npy("<i4", {3, 2, 2}, counted(12))}}),
             Contains("\"b.npy\" has the shape [3, 2, 2], the arrays before it have 3 layers of 2 experts"));
}

TEST_CASE("A header of an array is read strictly") {
  const auto problem = [](const std::string& dictionary) {
    std::string bytes =
        std::string("\x93NUMPY\1\0", 8) + static_cast<char>(dictionary.size()) + '\0' + dictionary;
    try {
      read_npy_header([&](std::span<unsigned char> to) {
        if (to.size() > bytes.size()) throw std::invalid_argument("short");
        std::copy_n(bytes.begin(), to.size(), to.begin());
        bytes.erase(0, to.size());
      });
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  CHECK(problem("{'descr': '<i4', 'fortran_order': False, 'shape': (1, 2, 3), }  \n") == "nothing");
  CHECK(problem("{\"shape\":(5,),\"fortran_order\":False,\"descr\":\"|u1\"}") == "nothing");
  CHECK_THAT(problem("{'descr': '>i4', 'fortran_order': False, 'shape': (1,)}"),
             Contains("high bytes first"));
  CHECK_THAT(problem("{'descr': '<i4', 'fortran_order': True, 'shape': (1,)}"), Contains("columns first"));
  CHECK_THAT(problem("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': ()}"), Contains("records"));
  CHECK_THAT(problem("{'descr': '|O', 'fortran_order': False, 'shape': ()}"), Contains("is of type \"|O\""));
  CHECK_THAT(problem("{'descr': '<i4', 'shape': (1,)}"), Contains("lacks one of"));
  CHECK_THAT(problem("{'descr': '<i4', 'descr': '<i4', 'shape': (1,)}"), Contains("\"descr\" twice"));
  CHECK_THAT(problem("{'descr': '<i4', 'fortran_order': False, 'shape': (-1,)}"), Contains("no length at"));
  CHECK_THAT(problem("{'descr': '<i4', 'fortran_order': False, 'shape': (1,"), Contains("no length at"));
  CHECK_THAT(problem("{'descr': '<i4', 'fortran_order': False, 'shape': (1,)} x"), Contains("text follows"));
}

TEST_CASE("A CSV that lacks rows, or has them out of order, is refused by its line") {
  const std::string token = "a,0,0,1,2\na,0,1,3,4\n";
  CHECK_THAT(csv_refusal(kHeader), Contains("has no rows"));
  CHECK_THAT(csv_refusal(kHeader + token + "a,1,0,1,2\n"), Contains("1 layers of 2"));
  CHECK_THAT(csv_refusal(kHeader + token + "a,2,0,1,2\n"),
             Contains("line 4: position: 2 comes where 1 is next"));
  CHECK_THAT(csv_refusal(kHeader + token + "b,1,0,1,2\n"),
             Contains("line 4: position: 1 comes where 0 is next"));
  CHECK_THAT(csv_refusal(kHeader + token + "a,1,1,1,2\n"),
             Contains("line 4: layer: 1 comes where 0 is next"));
  CHECK_THAT(csv_refusal(kHeader + token + "a,0,2,1,2\na,1,0,1,2\nb,0,0,1,2\n"), Contains("1 layers of 3"));
  CHECK_THAT(csv_refusal(kHeader + token + "b,0,0,1,2\nb,0,1,1,2\n" + token),
             Contains("line 6: sequence: \"a\" comes again"));
  CHECK_THAT(csv_refusal(kHeader + "a,0,0,1,-2\n"), Contains("line 2: expert_1: -2 is no expert"));
  CHECK_THAT(csv_refusal(kHeader + "a,0,0,1\n"), Contains("line 2: ") && Contains("fields is 4"));
  CHECK_THAT(csv_refusal("sequence,position,layer\na,0,0\n"), Contains("no column \"expert_0\""));
  CHECK_THAT(csv_refusal("sequence,domain,position,layer,expert_0\na,x,0,0,1\na,y,1,0,1\n"),
             Contains("line 3: domain: \"y\" and before it \"x\""));
}

TEST_CASE("The ending of a recording's name says its format") {
  CHECK_THAT(what_fails([] { check_recording_name("routing.npy", "s.json: /routing/trace"); }),
             Contains("s.json: /routing/trace: \"routing.npy\"") && Contains(".npz or .csv"));
}
