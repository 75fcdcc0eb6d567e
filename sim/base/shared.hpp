// A large part of a value, which seldom changes: copies of the whole share it until one of them changes it.
#pragma once

#include <memory>
#include <utility>

namespace switchyard {

/// Reads as a pointer to a constant.
template <class Value>
class Shared {
 public:
  Shared() : Shared(Value{}) {}
  Shared(Value value) : value_(std::make_shared<Value>(std::move(value))) {}
  Shared(const Shared&) = default;  // and no moves, which would leave one without a value
  Shared& operator=(const Shared&) = default;

  const Value& operator*() const { return *value_; }
  const Value* operator->() const { return value_.get(); }
  /// To be changed: from now on no other's, until this is copied again.
  Value& own() {
    if (value_.use_count() > 1) value_ = std::make_shared<Value>(*value_);
    return *value_;
  }
  /// Of the values; those that are shared are not looked at.
  bool operator==(const Shared& other) const { return value_ == other.value_ || *value_ == *other.value_; }

 private:
  std::shared_ptr<Value> value_;
};

}  // namespace switchyard
