// The header: {"NAME": {"dtype": "BF16", "shape": [256, 7168], "data_offsets": [0, 3670016]}, …,
// "__metadata__": {"KEY": "TEXT", …}}. It may hold a hundred thousand tensors, so it is read by events and
// never stands as a tree.
#include "workloads/routing/safetensors.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/json.hpp"
#include "sim/base/quote.hpp"
#include "workloads/requests/trace.hpp"
#include "workloads/routing/shape_text.hpp"

namespace switchyard {
namespace {

constexpr std::uint64_t kLongestHeader = 100'000'000;
constexpr std::size_t kMostDimensions = 16;
constexpr std::uint64_t kMostElements = std::uint64_t{1} << 30;  // of a tensor that is read

struct ElementType {
  std::string_view name;
  std::uint64_t bytes;
};
/// Those of whole bytes; files with other types are read for their other tensors.
constexpr std::array<ElementType, 16> kTypes = {{{"BOOL", 1},
                                                 {"U8", 1},
                                                 {"I8", 1},
                                                 {"F8_E5M2", 1},
                                                 {"F8_E4M3", 1},
                                                 {"F8_E8M0", 1},
                                                 {"I16", 2},
                                                 {"U16", 2},
                                                 {"F16", 2},
                                                 {"BF16", 2},
                                                 {"I32", 4},
                                                 {"U32", 4},
                                                 {"F32", 4},
                                                 {"I64", 8},
                                                 {"U64", 8},
                                                 {"F64", 8}}};

std::optional<std::uint64_t> bytes_of(std::string_view type) {
  for (const ElementType& row : kTypes)
    if (row.name == type) return row.bytes;
  return std::nullopt;
}

/// None when it overflows.
std::optional<std::uint64_t> elements_of(const std::vector<std::int64_t>& shape) {
  std::uint64_t elements = 1;
  for (const std::int64_t size : shape)
    if (__builtin_mul_overflow(elements, static_cast<std::uint64_t>(size), &elements)) return std::nullopt;
  return elements;
}

/// Takes the parser's events; returns false with a problem when one does not belong.
class HeaderEvents final : public nlohmann::json_sax<Json> {
 public:
  std::map<std::string, TensorEntry> tensors;
  std::string problem;

  bool null() override { return refuse("null"); }
  bool boolean(bool) override { return refuse("true or false"); }
  bool number_integer(number_integer_t) override { return refuse("a negative number"); }
  bool number_float(number_float_t, const std::string&) override { return refuse("a broken number"); }
  bool binary(binary_t&) override { return refuse("binary"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (depth_ != 3 || list_ == nullptr) return refuse("a number");
    if (list_->size() == kMostDimensions) return refuse("a list of more than 16 numbers");
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return refuse("a number beyond 63 bits");
    list_->push_back(static_cast<std::int64_t>(value));
    return true;
  }
  bool string(string_t& value) override {
    if (depth_ == 2 && metadata_) return true;
    if (depth_ != 2 || key_ != "dtype") return refuse("a text");
    entry_.type = value;
    return true;
  }
  bool start_object(std::size_t) override {
    if (depth_ > 1) return refuse("an object");
    ++depth_;
    if (depth_ == 2) entry_ = {}, offsets_.clear(), keys_.clear();
    return true;
  }
  bool end_object() override { return --depth_ == 0 || metadata_ || end_tensor(); }
  bool key(string_t& value) override {
    if (depth_ == 1) {
      name_ = value;
      metadata_ = value == "__metadata__";
      return true;
    }
    key_ = value;
    if (metadata_) return true;
    if (value != "dtype" && value != "shape" && value != "data_offsets")
      return fail("has the unknown key " + in_quotes(value));
    if (std::find(keys_.begin(), keys_.end(), value) != keys_.end())
      return fail("has " + in_quotes(value) + " twice");
    keys_.push_back(value);
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_ != 2 || metadata_ || key_ == "dtype") return refuse("a list");
    list_ = key_ == "shape" ? &entry_.shape : &offsets_;
    ++depth_;
    return true;
  }
  bool end_array() override {
    list_ = nullptr;
    --depth_;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    problem =
        "has a header that is no JSON at byte " + std::to_string(position) + ": " + one_line(error.what());
    return false;
  }

 private:
  bool fail(const std::string& what) {
    problem = "tensor " + in_quotes(name_) + " " + what;
    return false;
  }
  bool refuse(const std::string& what) {
    if (depth_ == 0) problem = "has a header that is " + what + "; it must be an object";
    else fail("has " + what + " where none belongs");
    return false;
  }
  bool end_tensor() {
    if (keys_.size() != 3) return fail("lacks one of dtype, shape and data_offsets");
    if (offsets_.size() != 2 || offsets_[0] > offsets_[1])
      return fail("has data_offsets that are no begin and end");
    entry_.begin = static_cast<std::uint64_t>(offsets_[0]);
    entry_.end = static_cast<std::uint64_t>(offsets_[1]);
    const std::optional<std::uint64_t> size = bytes_of(entry_.type), elements = elements_of(entry_.shape);
    std::uint64_t bytes = 0;
    if (!elements || (size && __builtin_mul_overflow(*elements, *size, &bytes)))
      return fail("has the shape " + shape_text(entry_.shape) + ", which is too large");
    if (size && bytes != entry_.end - entry_.begin) {
      return fail("has " + std::to_string(entry_.end - entry_.begin) + " bytes; " + entry_.type + " " +
                  shape_text(entry_.shape) + " takes " + std::to_string(bytes));
    }
    if (!tensors.emplace(name_, entry_).second) return fail("comes twice");
    return true;
  }

  int depth_ = 0;  // 1: the header, 2: a tensor, 3: a list
  std::string name_, key_;
  bool metadata_ = false;
  TensorEntry entry_;
  std::vector<std::int64_t> offsets_;
  std::vector<std::int64_t>* list_ = nullptr;
  std::vector<std::string> keys_;
};

/// Of one tensor after the other, the data must fill the file.
void check_places(const std::map<std::string, TensorEntry>& tensors, std::uint64_t size,
                  const std::string& path) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> places;
  for (const auto& [name, entry] : tensors) places.emplace_back(entry.begin, entry.end);
  std::sort(places.begin(), places.end());
  std::uint64_t reached = 0;
  for (const auto& [begin, end] : places) {
    if (begin != reached) {
      throw InputError(path, "has tensors that " + std::string(begin < reached ? "overlap" : "leave a hole") +
                                 " at byte " + std::to_string(std::min(begin, reached)) + " of its data");
    }
    reached = end;
  }
  if (reached == size) return;
  throw InputError(path, "has " + std::to_string(size) + " bytes of data; its header tells of " +
                             std::to_string(reached) + ": " +
                             (size < reached ? "it is cut short" : "text follows the last tensor"));
}

float half_to_float(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 31u, fraction = bits & 0x3ffu;
  if (exponent == 0) {  // 0 and the subnormal
    const float value = static_cast<float>(fraction) * 0x1p-24f;
    return sign != 0 ? -value : value;
  }
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | fraction << 13);
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
}

template <class Bits, class Convert>
std::vector<float> converted(const std::string& bytes, Convert convert) {
  std::vector<float> values;
  values.reserve(bytes.size() / sizeof(Bits));
  for (std::size_t i = 0; i < bytes.size(); i += sizeof(Bits)) {
    Bits bits;
    std::memcpy(&bits, bytes.data() + i, sizeof(Bits));
    values.push_back(convert(bits));
  }
  return values;
}

}  // namespace

Safetensors::Safetensors(const std::string& path) : path_(path) {
  check_trace_file(path);
  std::ifstream file = open_to_read(path);
  std::error_code ignored;
  const std::uint64_t size = std::filesystem::file_size(path, ignored);
  std::array<unsigned char, 8> start{};
  file.read(reinterpret_cast<char*>(start.data()), start.size());
  std::uint64_t length = 0;
  for (std::size_t i = start.size(); i-- > 0;) length = length << 8 | start[i];
  if (!file || length > size - start.size() || length > kLongestHeader || length < 2) {
    throw InputError(one_line(path),
                     "is no safetensors file, or one cut short: its first 8 bytes tell of a header of " +
                         std::to_string(length) + " bytes, and it has " + std::to_string(size) + " in all");
  }
  std::string header(length, '\0');
  file.read(header.data(), static_cast<std::streamsize>(length));
  HeaderEvents events;
  const bool read = header[0] == '{' && Json::sax_parse(header, &events);
  if (!read)
    throw InputError(one_line(path),
                     events.problem.empty() ? "has a header that is no JSON object" : events.problem);
  check_places(events.tensors, size - start.size() - length, one_line(path));
  tensors_ = std::move(events.tensors);
  for (auto& [name, entry] : tensors_) {
    entry.begin += start.size() + length;
    entry.end += start.size() + length;
  }
}

std::vector<float> Safetensors::read(const std::string& name, const std::vector<std::int64_t>& shape) const {
  const TensorEntry& entry = tensors_.at(name);
  const auto fail = [&](const std::string& problem) {
    throw InputError(one_line(path_), "tensor " + in_quotes(name) + " " + problem);
  };
  if (entry.shape != shape)
    fail("is of " + shape_text(entry.shape) + "; the model wants " + shape_text(shape));
  if (elements_of(shape).value_or(kMostElements) >= kMostElements) fail("has 2^30 elements or more");
  std::ifstream file = open_to_read(path_);
  std::string bytes(entry.end - entry.begin, '\0');
  file.seekg(static_cast<std::streamoff>(entry.begin));
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file) fail("cannot be read");
  if (entry.type == "F32")
    return converted<std::uint32_t>(bytes, [](std::uint32_t bits) { return std::bit_cast<float>(bits); });
  if (entry.type == "F16") return converted<std::uint16_t>(bytes, half_to_float);
  if (entry.type == "BF16") {
    return converted<std::uint16_t>(
        bytes, [](std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); });
  }
  fail("is of type " + in_quotes(entry.type) + "; F32, F16 and BF16 are read");
  return {};
}

}  // namespace switchyard
