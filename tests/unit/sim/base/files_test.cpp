// Whole files in and out, and folders.
#include "sim/base/files.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "sim/base/error.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/sim/base/message_of.hpp"

using namespace switchyard;

TEST_CASE("A file written at once reads back, replaces the old one and leaves no other file") {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "summary.json").string();
  const std::string text("a\r\n\0b", 5);
  write_file_atomically(path, "old");
  write_file_atomically(path, text);
  CHECK(read_text_file(path) == text);
  const auto files = std::filesystem::directory_iterator(folder.path());
  CHECK(std::distance(begin(files), end(files)) == 1);
}

TEST_CASE("A file that cannot be written is refused by its path and leaves nothing behind") {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "x").string();
  const std::string below = file + "/summary.json";
  CHECK(message_of<InputError>([&] { write_file_atomically(below, ""); }) ==
        below + ": cannot be written: Not a directory");
  const std::string missing = (folder.path() / "none" / "summary.json").string();
  CHECK(message_of<InputError>([&] { write_file_atomically(missing, ""); }) ==
        missing + ": cannot be written: No such file or directory");
  const std::string directory = folder.path().string();
  CHECK(message_of<InputError>([&] { write_file_atomically(directory, ""); }) ==
        directory + ": is a directory; give a file");
  CHECK(message_of<InputError>([&] { write_file_atomically("", ""); }).find("is empty") != std::string::npos);
  const auto files = std::filesystem::directory_iterator(folder.path());
  CHECK(std::distance(begin(files), end(files)) == 1);
}

TEST_CASE("A folder is made with those above it, and may exist already") {
  const TemporaryFolder folder;
  for (const char* name : {"a/b/c", "a/b/c", "d/"}) {
    const std::string path = (folder.path() / name).string();
    make_folder(path);
    CHECK(std::filesystem::is_directory(path));
  }
}

TEST_CASE("A folder that cannot be made is refused by its path") {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "x").string();
  CHECK(message_of<InputError>([&] { make_folder(file); }) == file + ": is a file; give a folder");
  CHECK(message_of<InputError>([&] { make_folder(file + "/a"); }).find(file + "/a: cannot be made: ") == 0);
}

TEST_CASE("A folder in which nothing can be written is refused before anything is computed") {
  CHECK(message_of<InputError>([] { make_folder("/proc"); }).find("/proc: cannot be written to: ") == 0);
  const std::string longer = "/tmp/" + std::string(300, 'a');
  CHECK(message_of<InputError>([&] { make_folder(longer); }).find(": cannot be made: File name too long") !=
        std::string::npos);
}

TEST_CASE("A missing file is told with its near miss in the folder") {
  const TemporaryFolder folder;
  folder.write("scenario.json", "{}");
  const auto message = [&](const char* name) {
    return message_of<InputError>([&] { open_to_read((folder.path() / name).string()); });
  };
  CHECK(message("scenaro.json").find("No such file or directory; did you mean \"scenario.json\"?") !=
        std::string::npos);
  CHECK(message("trace.csv").find("No such file or directory; give the path of a file") != std::string::npos);
}

TEST_CASE("A named pipe is refused rather than waited for") {
  const TemporaryFolder folder;
  const std::string pipe = (folder.path() / "pipe").string();
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(message_of<InputError>([&] { read_text_file(pipe); }) == pipe + ": is a named pipe; give a file");
}

TEST_CASE("A file without an end is refused at the limit") {
  CHECK(message_of<InputError>([] { read_text_file("/dev/zero", Bytes(3e6)); }).find("is larger than 3 MB") !=
        std::string::npos);
}
