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
  bool (*recognises)(std::string_view first_line);
  /// Opens the file and checks its header. Throws InputError, as next() does on a bad row.
  std::unique_ptr<RequestStream> (*open)(const std::string& path);
};

/// The menu behind trace_formats().
std::span<const TraceFormat> trace_menu();

/// The format of a file by its first line. Throws InputError naming the formats when none fits.
const TraceFormat& recognise_trace(const std::string& path);

bool is_switchyard_trace(std::string_view first_line);
std::unique_ptr<RequestStream> open_switchyard_trace(const std::string& path);
bool is_azure_trace(std::string_view first_line);
std::unique_ptr<RequestStream> open_azure_trace(const std::string& path);

}  // namespace switchyard
