// Fills the page's template: style, scripts, and the data as one block of JSON.
#include "sim/report/page_file.hpp"

#include <algorithm>
#include <span>

#include "sim/base/embedded.hpp"
#include "sim/base/ensure.hpp"

namespace switchyard {

std::span<const EmbeddedFile> report_files();  // generated

namespace {

std::string_view file(std::string_view name) {
  const auto files = report_files();
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const auto& row) { return row.name == name; });
  ensure(found != files.end(), "the page's files are embedded");
  return found->text;
}

std::string replaced(std::string_view text, char from, std::string_view to) {
  std::string result;
  for (const char c : text) c == from ? result.append(to) : result.append(1, c);
  return result;
}

std::string escaped(std::string_view text) {
  return replaced(replaced(replaced(text, '&', "&amp;"), '<', "&lt;"), '>', "&gt;");
}

// "<" stands only inside JSON's strings, where its escape means the same: no "</script" and no "<!--" is
// left.
std::string script_safe(const Json& data) {
  return replaced(data.dump(-1, ' ', false, Json::error_handler_t::replace), '<', "\\u003c");
}

std::string joined(const std::vector<std::string_view>& scripts) {
  std::string text;
  for (const std::string_view script : scripts) text += std::string(file(script)) + "\n";
  return text;
}

}  // namespace

// Replaces each {{name}} of the template once; what is put in is not looked at again.
std::string filled_page(const std::string& title, const std::vector<std::string_view>& scripts,
                        const Json& data) {
  std::string html;
  std::string_view rest = file("page");
  for (std::size_t open; (open = rest.find("{{")) != std::string_view::npos;) {
    const std::size_t close = rest.find("}}", open);
    ensure(close != std::string_view::npos, "the page's template is well formed");
    const std::string_view name = rest.substr(open + 2, close - open - 2);
    html += rest.substr(0, open);
    if (name == "title") html += escaped(title);
    else if (name == "data") html += script_safe(data);
    else if (name == "scripts") html += joined(scripts);
    else html += file(name);
    rest.remove_prefix(close + 2);
  }
  return html += rest;
}

}  // namespace switchyard
