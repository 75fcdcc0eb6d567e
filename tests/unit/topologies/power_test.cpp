// The power of a GPU by hand, the catalogue's shares and prices, and what is refused.
#include "topologies/power.hpp"

#include <catch2/catch.hpp>

#include "sim/base/error.hpp"
#include "topologies/gpu.hpp"

namespace switchyard {
namespace {

const GpuPower kQuarters{"by hand", "", 0.25, 0.125, 0.5, 0.25};
constexpr Watts kTdp{800.0};

Gpu over_h100(const std::string& members) {
  return read_gpu(parse_json(R"({"base": "h100_sxm", )" + members + "}", "test.json"), "", "test.json",
                  "/gpu");
}

}  // namespace

TEST_CASE("Energy is idle power all the time and what each activity adds, by hand") {
  // 10 s of one GPU: 200 W always, 100 W for 4 s, 400 W for 1 s of peak rate, 200 W for 2 s of bandwidth.
  const EnergyUse use =
      energy_use(kQuarters, kTdp, {Seconds(10.0), Seconds(4.0), Seconds(1.0), Seconds(2.0)});
  CHECK(use.idle.value() == Approx(2000.0).epsilon(1e-12));
  CHECK(use.active.value() == Approx(400.0).epsilon(1e-12));
  CHECK(use.compute.value() == Approx(400.0).epsilon(1e-12));
  CHECK(use.memory.value() == Approx(400.0).epsilon(1e-12));
  CHECK(use.total().value() == Approx(3200.0).epsilon(1e-12));
}

TEST_CASE("What would be above the TDP is taken off the parts beyond idle, in proportion") {
  // 1 s busy of 1 s: 200 + 100 + 800 + 400 W is 1500; 600 W are left for the last three.
  const EnergyUse use = energy_use(kQuarters, kTdp, {Seconds(1.0), Seconds(1.0), Seconds(2.0), Seconds(2.0)});
  CHECK(use.total().value() == Approx(800.0).epsilon(1e-12));
  CHECK(use.idle.value() == Approx(200.0).epsilon(1e-12));
  CHECK(use.compute.value() == Approx(800.0 * 600.0 / 1300.0).epsilon(1e-12));
}

TEST_CASE("Nobody is busy longer than there is time") {
  const EnergyUse use = energy_use(kQuarters, kTdp, {Seconds(1.0), Seconds(5.0), Seconds(9.0), Seconds(9.0)});
  CHECK(use.total().value() == Approx(800.0).epsilon(1e-12));
}

TEST_CASE("Every GPU of the catalogue draws its TDP at the most and says where its shares are from") {
  for (const std::string& name : gpu_names()) {
    CAPTURE(name);
    const Gpu gpu = read_gpu(name, "", "test");
    CHECK_FALSE(gpu.power.source.empty());
    CHECK(gpu.power.idle > 0.0);
    CHECK(gpu.power.idle + gpu.power.active < 0.5);
    CHECK(gpu.power.compute > 0.0);
    CHECK(gpu.power.memory > 0.0);
    const EnergyUse busy =
        energy_use(gpu.power, gpu.tdp, {Seconds(1.0), Seconds(1.0), Seconds(1.0), Seconds(1.0)});
    CHECK(busy.total().value() == Approx(gpu.tdp.value()).epsilon(1e-9));
    if (!gpu.price) continue;
    CHECK(gpu.price->per_hour.value() > 0.1);
    CHECK(gpu.price->per_hour.value() < 20.0);
    CHECK_FALSE(gpu.price->source.empty());
    CHECK(gpu.price->date.size() == 10);
  }
}

TEST_CASE("A GPU without shares of its own has an H100's, scaled by its TDP, and no price") {
  Json json = to_json(over_h100(R"("name": "own")"));
  json.erase("power");
  json.erase("price");
  const Gpu own = read_gpu(json, "", "test.json", "/gpu"), h100 = read_gpu("h100_sxm", "", "test");
  CHECK(own.power.idle == h100.power.idle);
  CHECK(own.power.active == h100.power.active);
  CHECK(own.power.compute == h100.power.compute);
  CHECK(own.power.memory == h100.power.memory);
  CHECK_FALSE(own.price);
}

TEST_CASE("Power and price of a user's GPU read back the same") {
  const Gpu gpu = over_h100(
      R"("power": {"source": "mine", "measured_on": "h200_sxm", "idle": 0.2, "active": 0.1, "compute": 0.3,
          "memory": 0.4}, "price": {"usd_per_hour": 1.25, "source": "bought", "date": "2026-11-27"})");
  CHECK(gpu.power == GpuPower{"mine", "h200_sxm", 0.2, 0.1, 0.3, 0.4});
  REQUIRE(gpu.price);
  CHECK(*gpu.price == GpuPrice{DollarsPerHour(1.25), "bought", "2026-11-27"});
  CHECK(read_gpu(to_json(gpu), "", "test.json") == gpu);
  CHECK_FALSE(over_h100(R"("price": null)").price);
}

TEST_CASE("A date is a day, and shares are no more than the power limit twice over") {
  for (const char* wrong :
       {R"("price": {"usd_per_hour": 1, "source": "s", "date": "November"})",
        R"("price": {"usd_per_hour": 0, "source": "s"})", R"("price": {"usd_per_hours": 1})",
        R"("power": {"idle": 1.5})", R"("power": {"compute": -0.1})", R"("power": {"idel": 0.1})"}) {
    CAPTURE(wrong);
    CHECK_THROWS_AS(over_h100(wrong), InputError);
  }
}

}  // namespace switchyard
