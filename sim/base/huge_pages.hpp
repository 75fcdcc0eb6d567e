// Large tables on huge pages, where the system offers them: a fork copies an entry of the page table a page,
// and reads here and there find their addresses in fewer entries.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

namespace switchyard {

/// An allocator; blocks smaller than a huge page come from the usual one.
template <class Value>
class HugePages {
 public:
  using value_type = Value;

  HugePages() = default;
  template <class Other>
  HugePages(const HugePages<Other>&) {}

  Value* allocate(std::size_t values) {
    const std::size_t bytes = values * sizeof(Value);
    if (bytes < kPage) return std::allocator<Value>().allocate(values);
    const std::size_t whole = (bytes + kPage - 1) / kPage * kPage;
    void* block = std::aligned_alloc(kPage, whole);
    if (block == nullptr) throw std::bad_alloc();
    madvise(block, whole, MADV_HUGEPAGE);  // a wish: small pages do too
    return static_cast<Value*>(block);
  }
  void deallocate(Value* block, std::size_t values) {
    if (values * sizeof(Value) < kPage) std::allocator<Value>().deallocate(block, values);
    else std::free(block);
  }
  bool operator==(const HugePages&) const { return true; }

 private:
  static constexpr std::size_t kPage = std::size_t{2} << 20;  // of x86-64
};

template <class Value>
using LargeTable = std::vector<Value, HugePages<Value>>;

}  // namespace switchyard
