// Reading one key: choose the object that has it, mark it as known in both, check its bounds.
#include "workloads/hugging_face/config.hpp"

#include <algorithm>

#include "sim/base/quote.hpp"

namespace switchyard {
namespace {

[[noreturn]] void refuse_list(const ConfigReader& config, std::string_view key, const std::string& wish) {
  config.fail(key, "is not " + wish);
}

}  // namespace

ConfigReader::ConfigReader(ObjectReader config, ObjectReader overrides)
    : config_(std::move(config)), overrides_(std::move(overrides)), override_keys_(overrides_.keys()) {
  if (config_.has("text_config")) text_config_ = config_.object("text_config");
}

bool ConfigReader::overridden(std::string_view key) const {
  return std::find(override_keys_.begin(), override_keys_.end(), key) != override_keys_.end();
}

bool ConfigReader::in_text_config(std::string_view key) const {
  return text_config_ && (text_config_->has(key) || !config_.has(key));
}

const ObjectReader& ConfigReader::holder(std::string_view key) const {
  if (overridden(key)) return overrides_;
  return in_text_config(key) ? *text_config_ : config_;
}

ObjectReader& ConfigReader::owner(std::string_view key) {
  config_.known(key);
  if (text_config_) text_config_->known(key);
  overrides_.known(key);
  if (overridden(key)) return overrides_;
  return in_text_config(key) ? *text_config_ : config_;
}

bool ConfigReader::has(std::string_view key) const { return holder(key).has(key); }

bool ConfigReader::is_list(std::string_view key) {
  const Json* member = owner(key).optional_raw(key);
  return member != nullptr && member->is_array();
}

std::int64_t ConfigReader::size(std::string_view key, std::int64_t max) {
  return owner(key).integer(key, {1, max});
}

std::int64_t ConfigReader::optional_size(std::string_view key, std::int64_t fallback, std::int64_t max) {
  return owner(key).optional_integer(key, fallback, {1, max});
}

std::optional<std::int64_t> ConfigReader::maybe_size(std::string_view key, std::int64_t max) {
  return owner(key).maybe_integer(key, {1, max});
}

std::int64_t ConfigReader::optional_count(std::string_view key, std::int64_t fallback, std::int64_t max) {
  return owner(key).optional_integer(key, fallback, {0, max});
}

bool ConfigReader::optional_flag(std::string_view key, bool fallback) {
  return owner(key).optional_boolean(key, fallback);
}

double ConfigReader::optional_factor(std::string_view key, double fallback) {
  return owner(key).optional_number(key, fallback, {0.0, 1e6, NumberRange::Ends::open_below});
}

std::optional<double> ConfigReader::maybe_factor(std::string_view key) {
  if (!has(key)) {
    known({key});
    return std::nullopt;
  }
  return optional_factor(key, 1.0);
}

std::string ConfigReader::text(std::string_view key) { return owner(key).text(key); }

std::string ConfigReader::optional_text(std::string_view key, std::string fallback) {
  return owner(key).optional_text(key, std::move(fallback));
}

std::string ConfigReader::optional_choice(std::string_view key, std::string fallback,
                                          const std::vector<std::string>& names) {
  return owner(key).optional_choice(key, std::move(fallback), names);
}

std::string ConfigReader::choice(std::string_view key, const std::vector<std::string>& names) {
  return owner(key).choice(key, names);
}

std::vector<std::string> ConfigReader::optional_texts(std::string_view key,
                                                      const std::vector<std::string>& names) {
  const Json* list = owner(key).optional_raw(key);
  std::vector<std::string> result;
  if (list == nullptr) return result;
  if (!list->is_array()) refuse_list(*this, key, "a list of names");
  for (const Json& item : *list) {
    if (!item.is_string()) refuse_list(*this, key, "a list of names");
    const std::string name = item.get<std::string>();
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      fail(key, "unknown name " + in_quotes(name) + "; " + choices(name, names));
    }
    result.push_back(name);
  }
  return result;
}

std::vector<std::int64_t> ConfigReader::optional_counts(std::string_view key, std::int64_t max) {
  const Json* list = owner(key).optional_raw(key);
  std::vector<std::int64_t> result;
  if (list == nullptr) return result;
  const std::string wish = "a list of integers from 0 to " + std::to_string(max);
  if (!list->is_array()) refuse_list(*this, key, wish);
  for (const Json& item : *list) {
    if (!item.is_number_integer()) refuse_list(*this, key, wish);
    const bool huge =
        item.is_number_unsigned() && item.get<std::uint64_t>() > static_cast<std::uint64_t>(max);
    if (huge || item.get<std::int64_t>() < 0) refuse_list(*this, key, wish);
    result.push_back(item.get<std::int64_t>());
  }
  return result;
}

std::vector<ObjectReader> ConfigReader::objects(std::string_view key) {
  ObjectReader& reader = owner(key);
  const Json& list = reader.raw(key);
  if (!list.is_array()) refuse_list(*this, key, "a list of objects");
  std::vector<ObjectReader> result;
  for (std::size_t i = 0; i < list.size(); ++i)
    result.emplace_back(list[i], reader.source(), reader.pointer(key) + "/" + std::to_string(i));
  return result;
}

ObjectReader ConfigReader::object(std::string_view key) { return owner(key).object(key); }

std::optional<ObjectReader> ConfigReader::maybe_object(std::string_view key) {
  if (!has(key)) {
    owner(key);
    return std::nullopt;
  }
  return owner(key).object(key);
}

void ConfigReader::known(std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) owner(key);
}

void ConfigReader::refuse_unknown_keys() const {
  config_.finish();
  if (text_config_) text_config_->finish();
}

void ConfigReader::fail(std::string_view key, const std::string& problem) const {
  holder(key).fail(key, problem);
}

}  // namespace switchyard
