// Recorded requests. A format is one .cpp and one row: how it is recognised by the first line of a file, and
// how its rows are read, one at a time.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "workloads/requests/request.hpp"

namespace switchyard {

struct TraceFormat {
  std::string_view name;
  std::string_view description;  // with its columns
  enum class Arrivals { in_file, from_scenario } arrivals;
  bool (*recognises)(std::string_view first_line);
  /// Opens the file and checks its header. Throws InputError, as next() does on a bad row.
  std::unique_ptr<RequestStream> (*open)(const std::string& path);
};

/// The menu behind trace_formats().
std::span<const TraceFormat> trace_menu();

/// Ends what is said of an arrival that goes back: the name of its column or key follows.
inline constexpr const char* kSortedRows = "arrivals must never go back: sort the rows by ";

/// Throws InputError unless the path is that of a file: a trace is read more than once, so no pipe will do.
void check_trace_file(const std::string& path);

/// The format of a file by its first line that is not empty. Throws InputError naming the formats when none
/// fits.
const TraceFormat& recognise_trace(const std::string& path);

bool is_switchyard_trace(std::string_view first_line);
std::unique_ptr<RequestStream> open_switchyard_trace(const std::string& path);
bool is_azure_trace(std::string_view first_line);
std::unique_ptr<RequestStream> open_azure_trace(const std::string& path);
bool is_burstgpt_trace(std::string_view first_line);
std::unique_ptr<RequestStream> open_burstgpt_trace(const std::string& path);
bool is_mooncake_trace(std::string_view first_line);
std::unique_ptr<RequestStream> open_mooncake_trace(const std::string& path);
bool is_length_trace(std::string_view first_line);
std::unique_ptr<RequestStream> open_length_trace(const std::string& path);

}  // namespace switchyard
