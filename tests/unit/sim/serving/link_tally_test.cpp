// Which steps' bytes count.
#include "sim/serving/link_tally.hpp"

#include <catch2/catch.hpp>

namespace switchyard {

TEST_CASE("Only steps that are kept add to the bytes on links") {
  LinkTally tally(2);
  for (const double bytes : {1.0, 10.0, 100.0}) tally.next_step()[1] += Bytes(bytes);
  tally.keep(2);
  CHECK(tally.total()[1] == Bytes(0.0));
  tally.commit();
  CHECK(tally.total()[0] == Bytes(0.0));
  CHECK(tally.total()[1] == Bytes(11.0));
  CHECK(tally.next_step()[1] == Bytes(0.0));  // nothing is left of the step that was there
  tally.keep(5);
  tally.commit();
  tally.commit();
  CHECK(tally.total()[1] == Bytes(11.0));
}

TEST_CASE("Settled steps count, those after them only as far as they begin") {
  LinkTally tally(1);
  for (const double bytes : {1.0, 10.0}) tally.next_step()[0] += Bytes(bytes);
  tally.settle();
  for (const double bytes : {100.0, 1000.0}) tally.next_step()[0] += Bytes(bytes);
  tally.keep(3);
  tally.commit();
  CHECK(tally.total()[0] == Bytes(111.0));
  tally.next_step()[0] += Bytes(5.0);
  tally.settle();
  tally.forget();
  tally.commit();
  CHECK(tally.total()[0] == Bytes(111.0));
}

}  // namespace switchyard
