// Rows of a JSONL file, streamed: one object a line, of which a few members are wanted. The rest of a line
// (prefix hashes, token ids, text) is checked as JSON and passed over, never kept.
//
//   JsonLines rows("trace.jsonl", {"timestamp", "input_length"});
//   while (rows.next()) use(rows.tokens(1));
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/base/line_reader.hpp"

namespace switchyard {

/// Empty lines are passed over. Errors are InputError "trace.jsonl: line 17: …": what LineReader refuses,
/// what is not a JSON object, a wanted key given twice, and a member of another kind than asked for.
class JsonLines {
 public:
  /// `keys`: the wanted members, at the top of each object.
  JsonLines(const std::string& path, std::vector<std::string> keys);

  /// The next line; false at the end of the file.
  bool next();

  /// Members of the last line, by the place of their key. A null member is as good as absent.
  bool has(std::size_t key) const { return !members_[key].is_null(); }
  double number(std::size_t key) const;
  std::int64_t tokens(std::size_t key) const;  // from 1 to kMaxTokens

  /// Throws InputError "trace.jsonl: line 17: input_length: problem".
  [[noreturn]] void fail(std::size_t key, const std::string& problem) const;
  [[noreturn]] void fail(const std::string& problem) const { lines_.fail(problem); }
  /// What the line holds for a key, for messages: `"12"`, `a list`.
  std::string shown(std::size_t key) const;

 private:
  LineReader lines_;
  std::vector<std::string> keys_;
  std::vector<Json> members_;
};

/// The wanted members of one line, null where absent; a list or an object is shown as an empty one. Throws
/// std::invalid_argument that says what is wrong, and in which column.
std::vector<Json> read_members(std::string_view line, const std::vector<std::string>& keys);

/// Whether the line is a JSON object that has all of these members.
bool has_members(std::string_view line, const std::vector<std::string>& keys);

}  // namespace switchyard
