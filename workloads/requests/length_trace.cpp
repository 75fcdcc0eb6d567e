// Lengths without times, as benchmarks of vLLM and exports of ShareGPT keep them: a JSON object a line with
// the tokens of a prompt and of its output, under any of the names in use. When they arrive is the
// scenario's to say.
#include <algorithm>

#include "workloads/requests/json_lines.hpp"
#include "workloads/requests/trace.hpp"

namespace switchyard {
namespace {

using Names = std::vector<std::string>;

/// prompt_len and expected_output_len are those of vLLM's SampleRequest, prompt_tokens and completion_tokens
/// those of the OpenAI interface's "usage".
const Names& prompt_names() {
  static const Names names = {"prompt_len", "prompt_tokens", "input_len", "input_length", "input_tokens"};
  return names;
}
const Names& output_names() {
  static const Names names = {"output_len", "expected_output_len", "output_tokens", "completion_tokens",
                              "output_length"};
  return names;
}

Names all_names() {
  Names names = prompt_names();
  names.insert(names.end(), output_names().begin(), output_names().end());
  return names;
}

std::string listed(const Names& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

class LengthTrace : public RequestStream {
 public:
  explicit LengthTrace(const std::string& path) : rows_(path, all_names()) {}

  std::optional<Request> next() override {
    if (!rows_.next()) return std::nullopt;
    const std::size_t prompts = prompt_names().size();
    const std::size_t prompt = only_one(0, prompts, "prompt");
    const std::size_t output = only_one(prompts, prompts + output_names().size(), "output");
    return Request{next_id_++, std::nullopt, rows_.tokens(prompt), rows_.tokens(output)};
  }

 private:
  /// The key from `first` to before `last` that the line has.
  std::size_t only_one(std::size_t first, std::size_t last, const std::string& what) const {
    std::optional<std::size_t> found;
    for (std::size_t key = first; key < last; ++key) {
      if (!rows_.has(key)) continue;
      if (found) rows_.fail(key, "is the " + what + "'s length a second time; give it once");
      found = key;
    }
    if (!found) {
      rows_.fail("has no length of the " + what + " in tokens; give one of " +
                 listed(first == 0 ? prompt_names() : output_names()));
    }
    return *found;
  }

  JsonLines rows_;
  std::uint64_t next_id_ = 0;
};

bool has_one_of(std::string_view line, const Names& names) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return has_members(line, {name}); });
}

}  // namespace

bool is_length_trace(std::string_view first_line) {
  return has_one_of(first_line, prompt_names()) && has_one_of(first_line, output_names());
}

std::unique_ptr<RequestStream> open_length_trace(const std::string& path) {
  return std::make_unique<LengthTrace>(path);
}

}  // namespace switchyard
