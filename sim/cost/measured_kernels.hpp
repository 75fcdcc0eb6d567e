// Times of kernels by the GPU profile's tables of them: norms, activations, and PyTorch's own between
// products. A point of a table comes out as measured; other sizes as in sim/cost/correction.hpp, against
// kernels that each cost the profile's overhead and move their bytes at its bandwidth.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/cost/correction.hpp"
#include "topologies/gpu.hpp"

namespace switchyard {

/// What stays the same along a table's curve or surface; sizes that a kind does not have are 1.
struct KernelShape {
  std::array<std::int64_t, 2> sizes{1, 1};
  bool operator==(const KernelShape&) const = default;
  auto operator<=>(const KernelShape&) const = default;
};
ShapePlace place_of(const KernelShape& shape);

/// What a GPU's profile says of kernels in general.
struct KernelPace {
  Seconds overhead;          // of each
  BytesPerSecond bandwidth;  // that they reach
};

/// A row of a table, as the correction sees it.
struct KernelWork {
  KernelShape shape;
  double x = 1.0, y = 1.0;  // what varies
  double kernels = 1.0;
  Bytes bytes;  // read and written
};

template <class Point>
class KernelTable {
 public:
  using WorkOf = KernelWork (*)(const Point&);

  /// `points` were measured on a GPU of the pace `measured_at`; times are those of one of the pace `own`.
  KernelTable(const std::vector<Point>& points, WorkOf work_of, const KernelPace& measured_at,
              const KernelPace& own)
      : work_of_(work_of), pace_(own) {
    typename Correction<KernelShape>::Points measured;
    for (const Point& point : points) {
      const KernelWork work = work_of(point);
      measured[work.shape].push_back({work.x, work.y, {formula(work, measured_at), point.time}});
    }
    correction_ = Correction<KernelShape>(measured);
  }

  /// None without a table.
  std::optional<Seconds> at(const Point& point) const {
    if (correction_.empty()) return std::nullopt;
    const KernelWork work = work_of_(point);
    if (reach_ > 1.0)
      return correction_.least(work.shape, {work.x, work.x * reach_}, {work.y, work.y * reach_},
                               formula(work, pace_));
    return correction_.corrected(work.shape, work.x, work.y, formula(work, pace_));
  }
  /// From now on the least of any sizes from those asked for to so many times as large.
  void take_least_within(double reach) { reach_ = reach; }

 private:
  static Seconds formula(const KernelWork& work, const KernelPace& pace) {
    return work.kernels * pace.overhead + work.bytes / pace.bandwidth;
  }

  WorkOf work_of_;
  KernelPace pace_;
  double reach_ = 1.0;
  Correction<KernelShape> correction_;
};

/// Every time is none where the profile has no such table. Sizes are at least 1.
class MeasuredKernels {
 public:
  /// `measured`: the GPU that the tables of `gpu` were measured on (measured_gpu).
  MeasuredKernels(const Gpu& gpu, const Gpu& measured);

  KernelTable<RowsPoint> norm, activation, torch_activation;
  KernelTable<ReductionPoint> torch_reduction;
  KernelTable<RoutingPoint> torch_routing;
  KernelTable<PermutationPoint> torch_permutation;
  KernelTable<HeadsPoint> torch_prompt_attention, torch_cache_write, torch_prompt_write;
  KernelTable<SamplingPoint> torch_sampling;

  /// Of all tables.
  void take_least_within(double reach);

 private:
  MeasuredKernels(const OperatorTables& tables, const KernelPace& measured_at, const KernelPace& own);
};

}  // namespace switchyard
