// Sixty-four bits are plenty: among a million points two keys agree by chance once in 10^7 studies.
#include "sim/study/fingerprint.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <filesystem>
#include <vector>

#include "sim/base/files.hpp"
#include "sim/base/hash.hpp"

namespace switchyard {
namespace {

/// Of eight bytes at a time, in four lanes that do not wait for each other: the program's own bytes are many.
class FileHash {
 public:
  void add(std::string_view bytes) {
    constexpr std::size_t kStride = sizeof lanes_;
    for (; bytes.size() >= kStride; bytes.remove_prefix(kStride)) {
      std::array<std::uint64_t, 4> words;
      std::memcpy(words.data(), bytes.data(), kStride);
      for (std::size_t i = 0; i < words.size(); ++i)
        lanes_[i] = std::rotl((lanes_[i] ^ words[i]) * 0x9e3779b97f4a7c15, 29);
    }
    rest_ = fnv1a(bytes, rest_);
  }

  std::uint64_t value() const {
    std::uint64_t hash = rest_;
    for (const std::uint64_t lane : lanes_) hash = mixed(hash ^ lane);
    return hash;
  }

 private:
  std::array<std::uint64_t, 4> lanes_{1, 2, 3, 4};
  std::uint64_t rest_ = fnv1a("");
};

std::uint64_t hash_of_file(const std::string& path) {
  std::ifstream file = open_to_read(path);
  FileHash hash;
  for (std::vector<char> chunk(1 << 20); file;) {
    file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    hash.add({chunk.data(), static_cast<std::size_t>(file.gcount())});
  }
  return hash.value();
}

}  // namespace

std::optional<std::string> file_named_by(const Json& value, const std::string& base_folder) {
  if (!value.is_string()) return std::nullopt;
  namespace fs = std::filesystem;
  const fs::path path = value.get<std::string>();
  if (!path.has_parent_path() && !path.has_extension()) return std::nullopt;
  std::error_code error;  // also what no path can be, e.g. a text too long
  const fs::path absolute = fs::absolute(fs::path(base_folder) / path, error).lexically_normal();
  if (error || !fs::is_regular_file(absolute, error)) return std::nullopt;
  return absolute.string();
}

Fingerprints::Fingerprints(std::string base_folder)
    : base_folder_(std::move(base_folder)), program_(hash_of_file("/proc/self/exe")) {}

std::uint64_t Fingerprints::of(const Json& scenario, const Json& resolved) {
  std::uint64_t hash = program_;
  add(hash, scenario);
  add(hash, resolved);
  return mixed(hash);  // FNV's upper bits depend little on the last bytes
}

void Fingerprints::add(std::uint64_t& hash, const Json& json) {
  if (!json.is_structured()) {
    hash = fnv1a(json.dump(-1, ' ', false, Json::error_handler_t::replace) + ",", hash);
    if (const std::optional<std::string> file = file_named_by(json, base_folder_)) {
      hash = fnv1a(std::to_string(content_of(*file)), hash);
    }
    return;
  }
  hash = fnv1a(json.is_object() ? "{" : "[", hash);
  for (const auto& [name, member] : json.items()) {
    hash = fnv1a(Json(name).dump() + ":", hash);
    add(hash, member);
  }
  hash = fnv1a("}", hash);
}

std::uint64_t Fingerprints::content_of(const std::string& path) {
  const auto known = contents_.find(path);
  if (known != contents_.end()) return known->second;
  return contents_.emplace(path, hash_of_file(path)).first->second;
}

}  // namespace switchyard
