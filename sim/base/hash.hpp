// Hashes that are the same on every machine.
#pragma once

#include <cstdint>
#include <string_view>

namespace switchyard {

/// FNV-1a of 64 bits (Fowler, Noll and Vo); `hash` goes on with what came before.
constexpr std::uint64_t fnv1a(std::string_view bytes, std::uint64_t hash = 0xcbf29ce484222325) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

/// The finaliser of splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
/// 2014): every bit of the result depends on every bit of `z`.
constexpr std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace switchyard
