// What a user may write for a thing of a catalogue: a name, a path, or an object, alone or laid over a
// "base".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/embedded.hpp"
#include "sim/base/json.hpp"

namespace switchyard {

struct Catalogue {
  std::string_view noun;  // "GPU", for messages
  std::span<const EmbeddedFile> files;
  /// Takes out of a base what does not go with the object that is laid over it; none: all stays.
  void (*make_way)(Json& base, const Json& over) = nullptr;
  /// What a shorthand stands for, of a wish or of a file's content; other JSON as it is. None: there is none.
  Json (*written_out)(const Json& wish) = nullptr;
};

/// Where a value stands: paths in it are relative to `folder`, messages start with "source: pointer".
struct Origin {
  std::string folder;
  std::string source;
  std::string pointer;
};
std::string place(const Origin& origin);

/// The object that a wish means, its "base" merged in.
struct Resolved {
  Json value;
  std::string name;  // of the catalogue, the file's stem, or "custom"
  Origin origin;
  std::string base;  // the catalogue's name that it is or was laid over; empty: none
};

/// Text with a '/' or ending in .json is a path, other text a catalogue name. An object or a file may have a
/// "base", a catalogue name: it is laid over it, objects key by key; null removes. Throws
/// InputError.
Resolved resolve(const Json& wish, const Catalogue& catalogue, const Origin& origin);

bool contains(const Catalogue& catalogue, std::string_view name);
/// Sorted.
std::vector<std::string> names(const Catalogue& catalogue);

}  // namespace switchyard
