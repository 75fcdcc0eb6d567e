// One figure of several scenarios: the best, those that cannot be told from it, and the rest.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace switchyard {

struct Entry {
  std::string name;
  double value = 0.0;           // above zero
  std::optional<double> error;  // share by which it may be off; none: unknown
};

enum class Better { lower, higher };

struct Ranking {
  std::vector<Entry> best;  // the best, then those that tie with it (ties.hpp)
  std::vector<Entry> rest;  // better ones first
};
/// At least one entry. Equal ones keep their order.
Ranking rank(std::vector<Entry> entries, Better better);

/// How many times `entry` is worse than the best; at least 1.
double times_worse(const Entry& entry, const Ranking& ranking);

/// How a figure is spoken of.
struct Wording {
  const char* topic;         // "Speed for a user"
  const char* best;          // "is fastest with"
  const char* worse;         // "takes 1.8 times as long": the words around the ratio, "takes" …
  const char* worse_ending;  // … "as long"
  std::string (*value)(double);
};

/// "Speed for a user: dense is fastest with 25.3 ms a token; moe (42.3 ms a token) takes 1.7 times as long."
std::string sentence(const Ranking& ranking, const Wording& wording);

}  // namespace switchyard
