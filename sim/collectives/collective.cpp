// A message takes the fastest piece that it may.
#include "sim/collectives/collective.hpp"

#include "sim/base/ensure.hpp"

namespace switchyard {

Collective::Collective(std::vector<CollectivePiece> pieces) : pieces_(std::move(pieces)) {}

const CollectivePiece* Collective::piece(Bytes message) const {
  const CollectivePiece* best = nullptr;
  for (const CollectivePiece& piece : pieces_) {
    if (message < piece.from || message >= piece.below) continue;
    if (best == nullptr || piece.cost.time(message) < best->cost.time(message)) best = &piece;
  }
  ensure(best != nullptr || pieces_.empty(), "every message has a way to go");
  return best;
}

const CollectiveCost& Collective::at(Bytes message) const {
  const CollectivePiece* used = piece(message);
  return used == nullptr ? nothing_ : used->cost;
}

}  // namespace switchyard
