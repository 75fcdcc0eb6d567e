// A graph as GraphML (Brandes, Eiglsperger, Lerner: GraphML primer), read with expat: Boost.Graph's own
// reader calls itself for each level of nesting, so that a file of a few megabytes can end the program, and
// its messages name no line.
//
// Nodes have the data `kind`, and may have `name` (else their id names them) and `node`. Edges have
// `bytes_per_s`, a number, or `bandwidth`, with a unit, and may have `latency_s` or `latency`, `kind`,
// `name`, `length` and `turn` (of Way). Other data are not looked at.
#include <expat.h>

#include <charconv>
#include <cmath>
#include <exception>
#include <map>
#include <memory>

#include "sim/base/ensure.hpp"
#include "sim/base/menu.hpp"
#include "topologies/graphs/graph.hpp"

namespace switchyard {
namespace {

constexpr std::size_t kMostKeys = 100;
constexpr std::size_t kLongestText = 1000;

using Properties = std::map<std::string, std::string, std::less<>>;

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first == text.npos ? "" : text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
}

/// The name of an element without its namespace's prefix.
std::string_view local(std::string_view name) {
  return name.substr(name.find(':') == name.npos ? 0 : name.find(':') + 1);
}

class Reader {
 public:
  explicit Reader(const std::string& source) : source_(source) {
    ensure(parser_ != nullptr, "there is memory for a parser");
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(
        parser_.get(),
        [](void* self, const char* name, const char** attributes) {
          static_cast<Reader*>(self)->guarded([&](Reader& r) { r.start(local(name), attributes); });
        },
        [](void* self, const char* name) {
          static_cast<Reader*>(self)->guarded([&](Reader& r) { r.end(local(name)); });
        });
    XML_SetCharacterDataHandler(parser_.get(), [](void* self, const char* text, int size) {
      static_cast<Reader*>(self)->guarded([&](Reader& r) {
        r.collect({text, static_cast<std::size_t>(size)});
      });
    });
  }

  Sketch read(const std::string& text) {
    const XML_Status status = XML_Parse(parser_.get(), text.data(), static_cast<int>(text.size()), XML_TRUE);
    if (error_) std::rethrow_exception(error_);
    if (status != XML_STATUS_OK) fail(XML_ErrorString(XML_GetErrorCode(parser_.get())));
    if (graphs_ == 0) fail("has no graph; give <graphml> with a <graph> in it");
    name_ends();
    return std::move(sketch_);
  }

 private:
  struct Key {
    std::string of;    // node | edge | all | …
    std::string name;  // attr.name
    std::string usual;
    bool has_usual = false;
  };
  struct Element {  // that data are of, with its attributes
    std::string kind, id, from, to, directed;
    unsigned long line = 0;
    Properties properties;
  };

  /// Exceptions do not pass through a library in C.
  template <class Handler>
  void guarded(Handler handler) {
    if (error_) return;
    try {
      handler(*this);
    } catch (...) {
      error_ = std::current_exception();
      XML_StopParser(parser_.get(), XML_FALSE);
    }
  }

  void start(std::string_view name, const char** attributes);
  void start_key(const Properties& attributes);
  void start_graph(const Properties& attributes);
  void end(std::string_view name);
  void end_data();
  void collect(std::string_view text);
  void finish_node();
  void finish_edge();
  void name_ends();

  const std::string* property(std::string_view name) const;
  BytesPerSecond bandwidth() const;
  Seconds latency() const;
  double number(std::string_view name, const std::string& text) const;
  std::int64_t integer(std::string_view name, std::int64_t usual, const IntegerRange& range) const;
  template <class Kind>
  Kind kind(Kind (*find)(const std::string&), const std::string& name) const;
  [[noreturn]] void fail(const std::string& problem) const;
  std::string place() const { return "line " + std::to_string(element_.line); }

  const std::string& source_;
  std::unique_ptr<XML_ParserStruct, void (*)(XML_Parser)> parser_{XML_ParserCreate(nullptr), XML_ParserFree};
  std::exception_ptr error_;
  std::map<std::string, Key> keys_;
  std::size_t graphs_ = 0;
  std::string edgedefault_;
  std::string key_;      // that a default is given for
  Element element_;      // the last node or edge
  std::string data_of_;  // the key of the data that are read
  bool collecting_ = false;
  std::string text_;
  std::map<std::string, std::string> names_;  // of devices, by id
  Sketch sketch_;
};

void Reader::start(std::string_view name, const char** attributes) {
  Properties given;
  for (; *attributes != nullptr; attributes += 2) given.emplace(attributes[0], attributes[1]);
  const auto attribute = [&](std::string_view key) {
    const auto found = given.find(key);
    if (found == given.end()) fail("<" + std::string(name) + "> has no attribute " + std::string(key));
    return found->second;
  };
  text_.clear();
  collecting_ = name == "data" || name == "default";
  if (name == "key") return start_key(given);
  if (name == "graph") return start_graph(given);
  if (name == "hyperedge") fail("<hyperedge> is not read; give edges of two nodes");
  if (name == "data") data_of_ = attribute("key");
  if (name != "node" && name != "edge") return;
  if (graphs_ == 0) fail("<" + std::string(name) + "> stands outside of a graph");
  element_ = {std::string(name), "", "", "", "", XML_GetCurrentLineNumber(parser_.get()), {}};
  if (name == "node") {
    element_.id = attribute("id");
  } else {
    element_.from = attribute("source");
    element_.to = attribute("target");
    element_.directed = given.count("directed") > 0 ? given["directed"] : edgedefault_;
  }
}

void Reader::start_key(const Properties& attributes) {
  const auto or_nothing = [&](std::string_view key) {
    const auto found = attributes.find(key);
    return found == attributes.end() ? std::string() : found->second;
  };
  if (keys_.size() >= kMostKeys) fail("has more than " + std::to_string(kMostKeys) + " keys");
  key_ = or_nothing("id");
  const std::string of = or_nothing("for");
  keys_[key_] = {of.empty() ? "all" : of, or_nothing("attr.name"), "", false};
}

void Reader::start_graph(const Properties& attributes) {
  if (graphs_++ > 0) fail("has a second <graph>; give one, without graphs in it");
  const auto found = attributes.find("edgedefault");
  const std::string given = found == attributes.end() ? "" : found->second;
  if (given != "directed" && given != "undirected")
    fail("edgedefault: " + in_quotes(given) + " is not known; choose one of directed, undirected");
  edgedefault_ = given == "directed" ? "true" : "false";
}

void Reader::collect(std::string_view text) {
  if (!collecting_) return;
  if (text_.size() + text.size() > kLongestText)
    fail("a text is longer than " + std::to_string(kLongestText) + " bytes");
  text_ += text;
}

void Reader::end(std::string_view name) {
  if (name == "default" && keys_.count(key_) > 0) {
    keys_[key_].usual = trimmed(text_);
    keys_[key_].has_usual = true;
  }
  if (name == "data") end_data();
  if (name == "node") finish_node();
  if (name == "edge") finish_edge();
  collecting_ = false;
}

void Reader::end_data() {
  const auto key = keys_.find(data_of_);
  if (key == keys_.end()) fail("data of a key " + in_quotes(data_of_) + " that is not declared");
  if (element_.kind.empty()) return;  // of the graph
  element_.properties[key->second.name] = trimmed(text_);
}

void Reader::finish_node() {
  if (sketch_.devices.size() >= kMostDevices)
    fail("has more than " + std::to_string(kMostDevices) + " nodes");
  const std::string* kind_name = property("kind");
  if (kind_name == nullptr)
    fail("node " + in_quotes(element_.id) + " has no kind; " + choices("", names(device_kinds())));
  Sketch::Device device{element_.id, kind(device_kind, *kind_name), "", place()};
  const std::string* node = property("node");
  if (node != nullptr) device.node = *node;
  if (const std::string* name = property("name")) device.name = *name;
  if (!names_.emplace(element_.id, device.name).second)
    fail("id: " + in_quotes(element_.id) + " is that of two nodes; give each its own");
  sketch_.devices.push_back(std::move(device));
  element_ = {};
}

void Reader::finish_edge() {
  if (sketch_.links.size() >= kMostLinks) fail("has more than " + std::to_string(kMostLinks) + " edges");
  Sketch::Link link{element_.from,      element_.to, bandwidth(), latency(), {}, "", {},
                    Sketch::Ways::both, place()};
  link.way.length = static_cast<std::uint16_t>(integer("length", 1, kLengths));
  link.way.turn = static_cast<std::uint8_t>(integer("turn", 0, kTurns));
  if (const std::string* name = property("kind")) link.kind = kind(link_kind, *name);
  if (const std::string* name = property("name")) link.name = *name;
  if (element_.directed == "true") link.ways = Sketch::Ways::one;
  sketch_.links.push_back(std::move(link));
  element_ = {};
}

/// Edges name ids; they may stand before their nodes.
void Reader::name_ends() {
  for (Sketch::Link& link : sketch_.links)
    for (std::string* end : {&link.from, &link.to})
      if (const auto found = names_.find(*end); found != names_.end()) *end = found->second;
}

/// Of the element that is read, or its key's default.
const std::string* Reader::property(std::string_view name) const {
  const auto found = element_.properties.find(name);
  if (found != element_.properties.end()) return &found->second;
  for (const auto& [id, key] : keys_)
    if (key.has_usual && key.name == name && (key.of == "all" || key.of == element_.kind)) return &key.usual;
  return nullptr;
}

BytesPerSecond Reader::bandwidth() const {
  if (const std::string* text = property("bytes_per_s")) return BytesPerSecond(number("bytes_per_s", *text));
  const std::string* text = property("bandwidth");
  if (text == nullptr) fail("an edge has no bandwidth; give bytes_per_s, or bandwidth with a unit");
  try {
    return parse<BytesPerSecond>(*text);
  } catch (const std::invalid_argument& error) {
    fail(std::string("bandwidth: ") + error.what());
  }
}

Seconds Reader::latency() const {
  if (const std::string* text = property("latency_s")) return Seconds(number("latency_s", *text));
  const std::string* text = property("latency");
  if (text == nullptr) return {};
  try {
    return parse<Seconds>(*text);
  } catch (const std::invalid_argument& error) {
    fail(std::string("latency: ") + error.what());
  }
}

double Reader::number(std::string_view name, const std::string& text) const {
  double value = 0.0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size() || !std::isfinite(value))
    fail(std::string(name) + ": " + in_quotes(text) + " is not a number");
  return value;
}

std::int64_t Reader::integer(std::string_view name, std::int64_t usual, const IntegerRange& range) const {
  const std::string* text = property(name);
  if (text == nullptr) return usual;
  const double value = number(name, *text);
  if (value != std::trunc(value) || value < static_cast<double>(range.min) ||
      value > static_cast<double>(range.max))
    fail(std::string(name) + ": " + in_quotes(*text) + " is out of range; give an integer from " +
         std::to_string(range.min) + " to " + std::to_string(range.max));
  return static_cast<std::int64_t>(value);
}

template <class Kind>
Kind Reader::kind(Kind (*find)(const std::string&), const std::string& name) const {
  try {
    return find(name);
  } catch (const std::invalid_argument& error) {
    fail(std::string("kind: ") + error.what());
  }
}

void Reader::fail(const std::string& problem) const {
  throw InputError(one_line(source_) + ": line " + std::to_string(XML_GetCurrentLineNumber(parser_.get())),
                   problem);
}

}  // namespace

Sketch read_graphml(const std::string& text, const std::string& source) { return Reader(source).read(text); }

}  // namespace switchyard
