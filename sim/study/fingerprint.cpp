// Sixty-four bits are plenty: among a million points two keys agree by chance once in 10^7 studies.
#include "sim/study/fingerprint.hpp"

#include <filesystem>
#include <vector>

#include "sim/base/files.hpp"

namespace switchyard {
namespace {

constexpr std::uint64_t kStart = 0xcbf29ce484222325;

/// FNV-1a (Fowler, Noll and Vo).
void add_bytes(std::uint64_t& hash, std::string_view bytes) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
}

/// Splitmix64's last steps: FNV's upper bits depend little on the last bytes.
std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

std::uint64_t hash_of_file(const std::string& path) {
  std::ifstream file = open_to_read(path);
  std::uint64_t hash = kStart;
  for (std::vector<char> chunk(1 << 20); file;) {
    file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    add_bytes(hash, {chunk.data(), static_cast<std::size_t>(file.gcount())});
  }
  return hash;
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
  return mixed(hash);
}

void Fingerprints::add(std::uint64_t& hash, const Json& json) {
  if (!json.is_structured()) {
    add_bytes(hash, json.dump(-1, ' ', false, Json::error_handler_t::replace) + ",");
    if (const std::optional<std::string> file = file_named_by(json, base_folder_)) {
      add_bytes(hash, std::to_string(content_of(*file)));
    }
    return;
  }
  add_bytes(hash, json.is_object() ? "{" : "[");
  for (const auto& [name, member] : json.items()) {
    add_bytes(hash, Json(name).dump() + ":");
    add(hash, member);
  }
  add_bytes(hash, "}");
}

std::uint64_t Fingerprints::content_of(const std::string& path) {
  const auto known = contents_.find(path);
  if (known != contents_.end()) return known->second;
  return contents_.emplace(path, hash_of_file(path)).first->second;
}

}  // namespace switchyard
