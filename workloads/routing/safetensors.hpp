// Tensors of a safetensors file (huggingface.co/docs/safetensors), read strictly: the header alone is read at
// first, a tensor when it is asked for, so that a checkpoint of any size takes little memory.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace switchyard {

struct TensorEntry {
  std::string type;                 // "BF16"
  std::vector<std::int64_t> shape;  // row-major
  std::uint64_t begin = 0;          // bytes of the file
  std::uint64_t end = 0;
};

class Safetensors {
 public:
  /// Throws InputError with the reason: a header beyond the file or 100 MB (the format's own limit), no JSON,
  /// names given twice, keys that are missing or unknown, shapes whose elements are not as many bytes,
  /// tensors that overlap, leave holes or end before or after the file does.
  explicit Safetensors(const std::string& path);

  const std::map<std::string, TensorEntry>& tensors() const { return tensors_; }
  /// A tensor of F32, F16 or BF16 as fp32, row-major. Throws InputError on other types, and unless its shape
  /// is `shape`.
  std::vector<float> read(const std::string& name, const std::vector<std::int64_t>& shape) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::map<std::string, TensorEntry> tensors_;
};

}  // namespace switchyard
