// The members of a config.json with the user's overrides laid over them: each key is read from the overrides
// when they have it, then from "text_config" (models that read images too keep their language model there),
// and errors point at where it was written. Sizes are bounded, so that no product of them overflows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/json.hpp"

namespace switchyard {

/// Upper bounds of sizes: far above every published model; any parameter count made of them fits 63 bits.
struct SizeLimit {
  static constexpr std::int64_t kLayers = 1024;
  static constexpr std::int64_t kHidden = 131072;
  static constexpr std::int64_t kIntermediate = 1048576;
  static constexpr std::int64_t kVocabulary = 16777216;
  static constexpr std::int64_t kContext = 1LL << 31;
  static constexpr std::int64_t kHeads = 4096;
  static constexpr std::int64_t kHeadDim = 4096;
  static constexpr std::int64_t kRank = 65536;
  static constexpr std::int64_t kExperts = 2048;  // of kernels' GateShape, as is the next
  static constexpr std::int64_t kTopK = 32;
  static constexpr std::int64_t kSharedExperts = 32;
  static constexpr std::int64_t kOther = 1LL << 40;
};

class ConfigReader {
 public:
  /// Both objects must outlive the reader. An override of null means "as if the key were absent".
  ConfigReader(ObjectReader config, ObjectReader overrides);

  bool has(std::string_view key) const;
  bool is_list(std::string_view key);
  /// A required size from 1 to `max`.
  std::int64_t size(std::string_view key, std::int64_t max);
  std::int64_t optional_size(std::string_view key, std::int64_t fallback, std::int64_t max);
  std::optional<std::int64_t> maybe_size(std::string_view key, std::int64_t max);
  /// A number of things that may be none: from 0 to `max`.
  std::int64_t optional_count(std::string_view key, std::int64_t fallback, std::int64_t max);
  bool optional_flag(std::string_view key, bool fallback);
  double optional_factor(std::string_view key, double fallback);
  std::optional<double> maybe_factor(std::string_view key);
  std::string text(std::string_view key);
  std::string optional_text(std::string_view key, std::string fallback);
  /// One of `names`, or InputError with the choices.
  std::string optional_choice(std::string_view key, std::string fallback,
                              const std::vector<std::string>& names);
  /// Of a key that must be there.
  std::string choice(std::string_view key, const std::vector<std::string>& names);
  /// Lists; absent reads as empty.
  std::vector<std::string> optional_texts(std::string_view key, const std::vector<std::string>& names);
  std::vector<std::int64_t> optional_counts(std::string_view key, std::int64_t max);
  /// A list of objects, which must be there.
  std::vector<ObjectReader> objects(std::string_view key);
  ObjectReader object(std::string_view key);
  /// A member object, or nothing.
  std::optional<ObjectReader> maybe_object(std::string_view key);

  /// Marks keys as known without reading them.
  void known(std::initializer_list<std::string_view> keys);
  void refuse_unknown_overrides() const { overrides_.finish(); }
  void refuse_unknown_keys() const;

  [[noreturn]] void fail(std::string_view key, const std::string& problem) const;

 private:
  bool overridden(std::string_view key) const;
  bool in_text_config(std::string_view key) const;
  const ObjectReader& holder(std::string_view key) const;
  /// The same, and the key counts as known everywhere.
  ObjectReader& owner(std::string_view key);

  ObjectReader config_;
  std::optional<ObjectReader> text_config_;
  ObjectReader overrides_;
  std::vector<std::string> override_keys_;
};

}  // namespace switchyard
