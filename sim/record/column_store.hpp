// A table kept column by column in chunks of equal length. Chunks that no longer fit into the memory allowed
// are written whole to a temporary file that has no name; reading goes through them in the order written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/base/units.hpp"

namespace switchyard {

/// The memory that the tables of one log share, and the file beyond it. The file is made at the first need
/// and is already unlinked, so that nothing is left behind, whatever the end of the process. Errors:
/// std::system_error.
class ChunkSpace {
 public:
  explicit ChunkSpace(Bytes memory_limit) : limit_(memory_limit) {}
  ~ChunkSpace();
  ChunkSpace(const ChunkSpace&) = delete;
  ChunkSpace& operator=(const ChunkSpace&) = delete;

  /// Claims memory for a chunk; nothing is claimed when it does not fit.
  enum class Place { memory, file };
  Place place(Bytes size);
  /// Appends to the file; returns where the bytes begin.
  std::uint64_t write(const void* data, std::size_t size);
  void read(void* data, std::size_t size, std::uint64_t offset) const;

 private:
  Bytes limit_;
  Bytes held_;
  int file_ = kNoFile;
  std::uint64_t end_ = 0;
  static constexpr int kNoFile = -1;  // as open(2) has it
};

/// Columns of trivially copyable `Types`. Memory in use: the chunks that fit, one open chunk, one while
/// reading.
template <class... Types>
class ColumnStore {
 public:
  static constexpr std::size_t kChunkRows = 8192;

  explicit ColumnStore(ChunkSpace& space) : space_(&space) { reopen(); }

  void append(const Types&... values) {
    if (open_rows_ == kChunkRows) seal();
    put(std::index_sequence_for<Types...>(), values...);
    ++open_rows_;
  }

  std::uint64_t rows() const { return sealed_.size() * kChunkRows + open_rows_; }

  /// The last row's cell of one column; only when the open chunk has a row.
  template <std::size_t column>
  auto& last() {
    return std::get<column>(open_).back();
  }
  bool has_open_row() const { return open_rows_ > 0; }

  /// Calls visit(value, ...) for each row in the order appended.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Chunk& chunk : sealed_) {
      if (chunk.columns) {
        visit_rows(*chunk.columns, kChunkRows, visit, std::index_sequence_for<Types...>());
      } else {
        visit_rows(load(chunk.offset), kChunkRows, visit, std::index_sequence_for<Types...>());
      }
    }
    visit_rows(open_, open_rows_, visit, std::index_sequence_for<Types...>());
  }

 private:
  using Columns = std::tuple<std::vector<Types>...>;
  struct Chunk {
    std::optional<Columns> columns;
    std::uint64_t offset = 0;  // in the file, when not in memory
  };
  static constexpr std::size_t kChunkBytes = kChunkRows * (sizeof(Types) + ...);

  template <std::size_t... columns>
  void put(std::index_sequence<columns...>, const Types&... values) {
    (std::get<columns>(open_).push_back(values), ...);
  }

  template <class Visit, std::size_t... columns>
  static void visit_rows(const Columns& chunk, std::size_t rows, Visit& visit,
                         std::index_sequence<columns...>) {
    for (std::size_t row = 0; row < rows; ++row) visit(std::get<columns>(chunk)[row]...);
  }

  void seal() {
    Chunk chunk;
    if (space_->place(Bytes(static_cast<double>(kChunkBytes))) == ChunkSpace::Place::memory) {
      chunk.columns = std::move(open_);
      reopen();
    } else {
      bool first = true;
      each_column(open_, [&](auto& column) {
        const std::uint64_t offset = space_->write(column.data(), kChunkRows * sizeof(column[0]));
        if (std::exchange(first, false)) chunk.offset = offset;
        column.clear();
      });
    }
    sealed_.push_back(std::move(chunk));
    open_rows_ = 0;
  }

  Columns load(std::uint64_t offset) const {
    Columns chunk{std::vector<Types>(kChunkRows)...};
    each_column(chunk, [&](auto& column) {
      const std::size_t size = kChunkRows * sizeof(column[0]);
      space_->read(column.data(), size, offset);
      offset += size;
    });
    return chunk;
  }

  void reopen() {
    open_ = Columns();
    each_column(open_, [](auto& column) { column.reserve(kChunkRows); });
  }

  template <class Visit>
  static void each_column(Columns& chunk, Visit&& visit) {
    std::apply([&](auto&... column) { (visit(column), ...); }, chunk);
  }

  ChunkSpace* space_;
  std::vector<Chunk> sealed_;
  Columns open_;
  std::size_t open_rows_ = 0;
};

}  // namespace switchyard
