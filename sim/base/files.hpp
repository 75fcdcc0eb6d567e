// Reading and writing whole files, with errors that name the path. Errors are InputError: the path is the
// user's.
#pragma once

#include <fstream>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>

#include "sim/base/units.hpp"

namespace switchyard {

/// Text with a '/' or ending in .json is a path, other text a catalogue's name.
bool is_path(std::string_view text);

/// Without "." and ".."; relative paths start at `folder`, and that at the working directory.
std::string absolute_path(const std::string& folder, const std::string& path);

/// Opens a file for reading. Throws InputError when it is missing (naming the near miss beside it), a
/// directory, unreadable, or a named pipe, whose opening may last for ever; /dev/fd/63 and /dev/stdin are
/// fine.
std::ifstream open_to_read(const std::string& path);

/// The whole file as text; errors as above, and when it is larger than `limit`.
inline constexpr Bytes kLargestText{16e6};
std::string read_text_file(const std::string& path, Bytes limit = kLargestText);

/// Replaces the file at once: a reader sees the old text or the new one, never a part, and neither is lost
/// when the disk is full. Throws InputError when it cannot be written.
void write_file_atomically(const std::string& path, std::string_view text);
/// The same of what `write` puts into the stream, for files that may be larger than memory.
void write_file_atomically(const std::string& path, const std::function<void(std::ostream&)>& write);

/// Makes a folder and those above it; one that exists is fine. Throws InputError when it cannot, or when
/// nothing can be written there.
void make_folder(const std::string& path);

}  // namespace switchyard
