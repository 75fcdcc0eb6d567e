// The header of a NumPy array file (.npy), read strictly: numpy.org/doc/stable/reference/generated/
// numpy.lib.format.html, versions 1.0 to 3.0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard {

struct NpyArray {
  std::string type;                 // "<i4": byte order, kind, bytes of an element
  std::vector<std::int64_t> shape;  // row-major

  char kind() const { return type[1]; }  // 'i' and 'u' are whole numbers
  std::size_t element_bytes() const;
};

/// Fills `bytes` with the next of the file; throws when there are fewer.
using ByteSource = std::function<void(std::span<unsigned char> bytes)>;

/// Reads up to the first element. Throws std::invalid_argument with what is wrong and what would be right: no
/// such file, another version, a header of more than 10 000 bytes (NumPy's own limit), one that is not the
/// three keys, a type that is no number in little-endian order, columns first, more than 2^40 elements.
NpyArray read_npy_header(const ByteSource& next);

/// Version 1.0, padded to 64 bytes.
std::string npy_header(std::string_view type, std::span<const std::int64_t> shape);

}  // namespace switchyard
