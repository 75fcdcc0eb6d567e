// Wrong files: scenarios, configs, traces, journals and what is no file at all. The message names the file,
// the line or the field, and what would be right.
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "sim/base/json.hpp"
#include "tests/contract/bad_files.hpp"

namespace switchyard {
namespace {

const std::string kHeader = "arrival_s,prompt_tokens,output_tokens\n";
const std::string kAzure = "TIMESTAMP,ContextTokens,GeneratedTokens\n";

}  // namespace

TEST_CASE("A file that is no JSON is refused by line and column") {
  Files files;
  files.scenario("empty", "", "is empty|JSON");
  files.scenario("blanks", " \n\t ", "is empty");
  files.scenario("truncated", R"({"model": "llama-3.1-8b", )", "line 1, column 27: |end of input");
  files.scenario("text behind", R"({"model": "a"} x)", "line 1, column 16: |expected end of input");
  files.scenario("two texts", "{}{}", "line 1, column 3: |expected end of input");
  files.scenario("a comment left open", R"({/* "model": 1})", "line 1, column |missing closing '*/'");
  files.scenario("a comma too many", "{\"model\": \"a\",\n}", "line 2, column 1: |expected string literal");
  files.scenario("single quotes", "{'model': 'a'}", "line 1, column 2: |invalid literal");
  files.scenario("NaN", R"({"seed": NaN})", "line 1, column |invalid literal");
  files.scenario("a number beyond double", R"({"seed": 1e999})",
                 "line 1, column 10: number 1e999 is too large");
  files.scenario("a key twice", R"({"model": "a", "model": "b"})", "line 1, column |duplicate key \"model\"");
  files.scenario("a key twice in other letters", R"({"seed": 1, "se\u0065d": 2})", "duplicate key \"seed\"");
  files.scenario("a byte that is no UTF-8", "{\"model\": \"\xff\"}",
                 "line 1, column 12: byte \"\\xff\"|UTF-8");
  files.scenario("UTF-16", std::string("\xff\xfe{\0}\0", 6), "line 1, column 1: byte \"\\xff\"|UTF-8");
  files.scenario("a zero byte", std::string("{\"model\": \"a\0\"}", 15), "line 1, column 13: byte \"\\x00\"");
  files.scenario("half a surrogate", R"({"model": "\ud800"})", "line 1, column |surrogate");
  files.scenario("a control character", "{\"model\": \"a\x1b[31m\"}", "line 1, column |control character");
  files.scenario("a program",
                 std::string("\x7f"
                             "ELF\2\1\1\0\0",
                             9),
                 "line 1, column |UTF-8");
  files.scenario("deep lists", std::string(100'000, '['), "line 1, column 65: nested deeper than 64 levels");
  files.scenario("deep objects", many(100'000, "{\"a\":", "{\"a\":"), "nested deeper than 64 levels");
  files.scenario("deep lists, closed", std::string(100'000, '[') + std::string(100'000, ']'),
                 "nested deeper than 64");
  files.scenario("a million keys", many(1'000'000, "{", "\"k\": 1,"), "duplicate key \"k\"");
  files.scenario("millions of values", many(5'000'000, "{\"seed\": [1", ",1"),
                 "more than 500000 values|shorter");
  files.scenario("a text of 20 MB", "{\"model\": \"" + megabytes(20) + "\"}", "larger than 16 MB|smaller");
  files.scenario("a text of 15 MB", "{\"model\": \"" + megabytes(15) + "\"}", "/model: unknown model \"aaa");
  files.scenario("a list", "[]", "[] is a list|an object");
  files.scenario("a number", "5", "5 is a number|an object");
  files.scenario("null", "null", "null is no value|an object");
  files.scenario("an empty object", "{}", "/model: is missing|a model's name");
  files.scenario("a byte order mark before a wrong value", "\xef\xbb\xbf{\"model\": 5}",
                 "/model: 5 is a number");
  files.scenario("a zero in a text", R"({"model": "a\u0000"})", "/model: unknown model \"a\\x00\"");
  files.check();
}

TEST_CASE("Many keys of one object are refused before they cost time") {
  std::string keys = "{\"k\": 1";
  for (int i = 0; i < 200'000; ++i) keys += ",\"" + std::to_string(i) + "\": 1";
  Files files;
  files.scenario("of a scenario", keys + "}", "more than 10000 keys in an object|fewer");
  files.named("of a cluster over a base", keys + R"(, "base": "hgx-h100"})", "/cluster=FILE",
              "more than 10000 keys");
  files.check();
}

TEST_CASE("A wrong file that a scenario names is refused by its own name") {
  const std::string model = "/model=FILE", cluster = "/cluster=FILE";
  const std::string gpu = R"(/cluster={"gpu": "FILE", "gpus_per_node": 8})";
  const std::string lengths =
      R"(/workload/prompt_tokens={"distribution": "empirical", "path": "FILE", "column": "n"})";
  Files files;
  files.named("an empty config", "", model, "is empty");
  files.named("a config of another kind", R"({"model_type": "rwkv"})", model, "/model_type: |\"rwkv\"|llama");
  files.named("a config without sizes", R"({"model_type": "llama"})", model,
              "is missing|an integer from 1 to ");
  files.named("a config with text for a size",
              R"({"model_type": "llama", "hidden_size": "4k", "vocab_size": 9,
      "max_position_embeddings": 9})",
              model, "/hidden_size: \"4k\" is text|an integer");
  files.named("a list for a cluster", "[]", cluster, "[] is a list|an object");
  files.named("a cluster with an unknown GPU", R"({"gpu": "h10_sxm", "gpus_per_node": 8})", cluster,
              "/gpu: |\"h100_sxm\"?");
  files.named("a GPU without a source", R"({"memory": "80 GB"})", gpu, "/source: is missing|text");
  files.named("a GPU with another unit", R"({"base": "h100_sxm", "pcie": "64 GB"})", gpu,
              "/pcie: \"64 GB\" is not a band");
  files.named("a GPU without multiprocessors", R"({"base": "h100_sxm", "multiprocessors": 0})", gpu,
              "/multiprocessors: 0 is out of range|from 1 to 65536");
  files.named("a profile of no day", R"({"base": "h100_sxm", "profile": {"date": "27.11.2026"}})", gpu,
              "/profile/date: \"27.11.2026\" is no date|YYYY-MM-DD");
  files.named("a library's version in numbers",
              R"({"base": "h100_sxm", "profile": {"libraries": {"torch": 2}}})", gpu,
              "/profile/libraries/torch: 2 is a number");
  files.named("half of a format's shares",
              R"({"base": "h100_sxm", "profile": {"gemm": {"int4": {"compute": 1}}}})", gpu,
              "/profile/gemm/int4/memory: is missing");
  files.named("a format without shares of its own",
              R"({"base": "h100_sxm", "profile": {"gemm": {"bf16": {"compute": 1, "memory": 1}}}})", gpu,
              "/profile/gemm/bf16: unknown key");
  files.named("half an engine profile", R"({"name": "mine"})", "/engine/profile=FILE",
              "/description: is missing");
  Json engine = read_json_file(std::string(SWITCHYARD_SOURCE_DIR) + "/sim/cost/engines/vllm.json");
  engine["all_reduce"] = "custom_vlm";
  files.named("an engine with an unknown all-reduce", engine.dump(), "/engine/profile=FILE",
              "/all_reduce: |\"custom_vlm\"|\"custom_vllm\"?|nccl");
  engine["all_reduce"] = "nccl";
  engine["generations"] = 1;
  files.named("generations in numbers", engine.dump(), "/engine/profile=FILE", "/generations: is no list");
  engine["generations"] = {{{"gpus", {"h100_sxm"}}, {"efficiency", {{"gemm", {{"compute", 0}}}}}}};
  files.named("an engine that reaches nothing", engine.dump(), "/engine/profile=FILE",
              "/generations/0/efficiency/gemm/compute: 0 is out of range");
  engine["generations"] = {{{"gpus", {"h100_sxm"}}, {"validated", {{{"model", "m"}, {"gpu", "h100_sxm"}}}}}};
  files.named("half an error", engine.dump(), "/engine/profile=FILE",
              "/generations/0/validated/0/kind: is missing");
  files.named("half a routing preset", R"({"source": "s", "domains": 0})", "/routing/preset=FILE",
              "/domains: 0 |from 1 to 64");
  files.named("shares above one", R"({"source": "s", "domain_share": 0.8, "token_share": 0.8})",
              "/routing/preset=FILE", "domain_share|above 1|lower one");
  const std::string of_a_layer = R"({"source": "s", "domains": 2, "profiles": [{"depth": 0, )";
  files.named("shares over no depth", R"({"source": "s", "token_share": []})", "/routing/preset=FILE",
              "/token_share: has 0 values|1 to 64");
  files.named("a share in a list above one", R"({"source": "s", "token_share": [0.1, 1.5]})",
              "/routing/preset=FILE", "/token_share/1: 1.5 is out of range|0 to 1");
  files.named("a profile for one of two domains",
              of_a_layer + R"("neighbour_correlation": [0, 0], "expert_bias": [[0, 1]]}]})",
              "/routing/preset=FILE", "/profiles/0/expert_bias: has 1 rows|2 lists, one a domain");
  files.named("domains with different numbers of experts",
              of_a_layer + R"("neighbour_correlation": [0, 0], "expert_bias": [[0, 1], [0]]}]})",
              "/routing/preset=FILE", "/profiles/0/expert_bias/1: |the same number, 1 to 2048");
  files.named("a correlation in words",
              of_a_layer + R"("neighbour_correlation": [0, "low"], "expert_bias": [[0], [0]]}]})",
              "/routing/preset=FILE", "/profiles/0/neighbour_correlation/1: \"low\" is text");
  files.named("profiles out of order",
              R"({"source": "s", "profiles": [
                {"depth": 1, "neighbour_correlation": [0], "expert_bias": [[0]]},
                {"depth": 0, "neighbour_correlation": [0], "expert_bias": [[0]]}]})",
              "/routing/preset=FILE", "/profiles/1/depth: |ascending order");
  files.named("lengths without the column", "m\n1\n", lengths, "no column \"n\"|m", ".csv");
  files.named("no lengths", "n\n", lengths, "no rows|at least one", ".csv");
  files.named("a length of zero", "n\n5\n0\n", lengths, "line 3: n: 0 |from 1 to 100000000", ".csv");
  files.named("a length in words", "n\nfive\n", lengths, "line 2: n: \"five\" is not an integer", ".csv");
  files.check();
}

TEST_CASE("A wrong recording of experts is refused with the reason") {
  const std::string trace =
      "/model=mixtral-8x7b & /model_overrides/num_hidden_layers=2 & /routing/mode=trace & "
      "/routing/trace=FILE";
  const std::string header = "sequence,position,layer,expert_0,expert_1\n";
  Files files;
  files.named("an empty archive", "", trace, "is no NPZ file|numpy.savez", ".npz");
  files.named("text for an archive", "a,b\n1,2\n", trace, "is no NPZ file", ".npz");
  files.named("the first bytes of an archive", std::string("PK\3\4\24\0\0\0", 8), trace, "is no NPZ file",
              ".npz");
  files.named("a gigabyte's worth of zeros", megabytes(3), trace, "is no NPZ file", ".npz");
  files.named("an empty CSV", "", trace, "is empty", ".csv");
  files.named("a CSV without a column", "sequence,position,expert_0\n", trace, "no column \"layer\"", ".csv");
  files.named("a CSV of no rows", header, trace, "has no rows|at least one", ".csv");
  files.named("a CSV that starts in the middle", header + "a,7,0,0,1\n", trace,
              "line 2: position: 7 |0 is next", ".csv");
  files.named("a CSV with a negative expert", header + "a,0,0,0,-1\n", trace, "line 2: expert_1: -1 ",
              ".csv");
  files.named("binary for a CSV", std::string("\0\1", 2), trace, "NUL byte", ".csv");
  files.check();
}

TEST_CASE("A wrong checkpoint is refused with the reason") {
  const std::string weights =
      "/model=mixtral-8x7b & /model_overrides/num_hidden_layers=2 & /routing/gate_weights=FILE";
  const auto file = [](const std::string& header, std::size_t bytes) {
    return std::string{static_cast<char>(header.size() & 0xff),
                       static_cast<char>(header.size() >> 8),
                       0,
                       0,
                       0,
                       0,
                       0,
                       0} +
           header + std::string(bytes, '\0');
  };
  const auto gate = [&](const std::string& entry, std::size_t bytes) {
    return file(R"({"model.layers.0.block_sparse_moe.gate.weight": {)" + entry + "}}", bytes);
  };
  Files files;
  const auto row = [&](const std::string& what, const std::string& bytes, const std::string& says) {
    files.named(what, bytes, weights, says, ".safetensors");
  };
  row("an empty checkpoint", "", "is no safetensors file, or one cut short");
  row("a header beyond the file", file("{}", 0).substr(0, 9), "a header of 2 bytes, and it has 9 in all");
  row("a header of exabytes", std::string(8, '\x7f') + "{}", "is no safetensors file");
  row("a header of another kind", file("[1, 2]", 0), "is no JSON object");
  row("a header cut short", file("{\"a\": {", 0), "has a header that is no JSON at byte");
  row("no gates", file("{}", 0), "has no tensor layers.0.mlp.gate.weight|the model's own checkpoint");
  row("a key left out", gate(R"("dtype": "F32", "shape": [2])", 8),
      "lacks one of dtype, shape and data_offsets");
  row("a key of its own", gate(R"("dtype": "F32", "size": 2)", 8), "has the unknown key \"size\"");
  row("more shape than bytes", gate(R"("dtype": "F32", "shape": [8, 4096], "data_offsets": [0, 8])", 8),
      "has 8 bytes; F32 [8, 4096] takes 131072");
  row("a shape beyond 64 bits",
      gate(R"("dtype": "F32", "shape": [4611686018427387904, 8], "data_offsets": [0, 8])", 8),
      "is too large");
  row("data cut short", gate(R"("dtype": "F32", "shape": [2], "data_offsets": [0, 8])", 7),
      "has 7 bytes of data; its header tells of 8: it is cut short");
  row("data behind the last", gate(R"("dtype": "F32", "shape": [2], "data_offsets": [0, 8])", 9),
      "text follows the last tensor");
  row("a hole", gate(R"("dtype": "F32", "shape": [2], "data_offsets": [4, 12])", 12),
      "leave a hole at byte 0");
  row("overlap",
      file(R"({"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]},
                          "b": {"dtype": "U8", "shape": [4], "data_offsets": [2, 6]}})",
           6),
      "overlap at byte 2");
  row("a negative shape", gate(R"("dtype": "F32", "shape": [-2], "data_offsets": [0, 8])", 8),
      "a negative number");
  row("another shape", gate(R"("dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8])", 8),
      "is of [2, 2]; the model wants [8, 4096]");
  row("another type", gate(R"("dtype": "F8_E4M3", "shape": [8, 4096], "data_offsets": [0, 32768])", 32768),
      "is of type \"F8_E4M3\"; F32, F16 and BF16 are read");
  files.named("an index of nothing", "{\"weight_map\": {}}", weights, "has no weight_map with files");
  files.named("an index of files elsewhere", R"({"weight_map": {"a": "../b.safetensors"}})", weights,
              "names the file \"../b.safetensors\"");
  files.check();
}

TEST_CASE("A wrong trace is refused by its line and column") {
  Files files;
  files.trace("empty", "", "");
  files.trace("a header alone", kHeader, "has no requests|at least one row");
  files.trace("unsorted", kHeader + "1,5,5\n0.5,5,5\n",
              "line 3: arrival_s: \"0.5\" is earlier|sort the rows");
  files.trace("truncated", kHeader + "1,5,5\n2,5", "line 3: |fields is 2|give 3");
  files.trace("a field too many", kHeader + "1,5,5,5\n", "line 2: |fields is 4|give 3");
  files.trace("a negative arrival", kHeader + "-1,5,5\n", "line 2: arrival_s: -1 |from 0 to 1e10");
  files.trace("an arrival in words", kHeader + "soon,5,5\n", "line 2: arrival_s: \"soon\" is not a number");
  files.trace("an arrival that is not a number", kHeader + "nan,5,5\n",
              "line 2: arrival_s: \"nan\" is not a number");
  files.trace("an arrival beyond double", kHeader + "1e999,5,5\n",
              "line 2: arrival_s: \"1e999\" is not a number|finite");
  files.trace("an arrival in three centuries", kHeader + "1e11,5,5\n",
              "line 2: arrival_s: 1e11 |from 0 to 1e10");
  files.trace("no prompt", kHeader + "1,0,5\n", "line 2: prompt_tokens: 0 |from 1 to 100000000");
  files.trace("a negative output", kHeader + "1,5,-5\n", "line 2: output_tokens: -5 |from 1 to 100000000");
  files.trace("half a token", kHeader + "1,5.5,5\n", "line 2: prompt_tokens: \"5.5\" is not an integer");
  files.trace("a huge prompt", kHeader + "1,999999999999,5\n",
              "line 2: prompt_tokens: 999999999999 |to 100000000");
  files.trace("a prompt beyond 64 bits", kHeader + "1,99999999999999999999,5\n",
              "line 2: prompt_tokens: |not an integer");
  files.trace("a quote left open", kHeader + "1,\"5,5\n", "line 2: a quote is left open");
  files.trace("binary", std::string("\0\1\2\xff\n", 5), "line 1: has a NUL byte|text");
  files.trace("binary behind the header", kHeader + std::string("\0\0\0\n", 4),
              "line 2: has a NUL byte|text");
  files.trace("bytes that are no UTF-8", kHeader + "\xff\xfe,1,1\n", "line 2: |\\xff");
  files.trace("UTF-16",
              std::string("\xff\xfe"
                          "a\0,\0\n\0",
                          8),
              "line 1: has a NUL byte");
  files.trace("a line of two megabytes", kHeader + std::string(2'000'000, '1') + ",5,5\n",
              "line 2: is longer than");
  files.trace("a megabyte on the first line", std::string(3'000'000, '0'),
              "line 1: is longer than 1000000 bytes");
  files.trace("a column left out", "arrival_s,prompt_tokens\n1,2\n",
              "no column \"output_tokens\"|this format needs arrival_s", "csv");
  files.trace("a column twice", "arrival_s,prompt_tokens,output_tokens,arrival_s\n1,5,5,1\n",
              "more than one column");
  files.trace("semicolons", "arrival_s;prompt_tokens;output_tokens\n1;5;5\n",
              "format|arrival_s,prompt_tokens");
  files.trace("no header", "0,100,5\n", "format|arrival_s,prompt_tokens");
  files.trace("another format than said", kHeader + "0,1,1\n", "no column \"TIMESTAMP\"", "azure");
  files.trace("a thirteenth month", kAzure + "2023-13-16 18:15:46,3,4\n",
              "line 2: TIMESTAMP: \"2023-13-16|write it like");
  files.trace("Azure, unsorted", kAzure + "2023-11-16 18:15:46,3,4\n2023-11-16 18:15:45,3,4\n",
              "line 3: TIMESTAMP: |sort");
  files.check();
}

TEST_CASE("What is no file to be read is refused, and nothing is waited for") {
  BadInputBench bench;
  const std::filesystem::path& folder = bench.folder().path();
  std::filesystem::create_directories(folder / "folder");
  std::filesystem::create_symlink("loop", folder / "loop");
  std::filesystem::create_symlink("gone", folder / "dangling");
  REQUIRE(mkfifo((folder / "pipe").c_str(), 0600) == 0);
  REQUIRE(mkfifo((folder / "pipe.npz").c_str(), 0600) == 0);
  bench.check({
      {"a missing file", {"run", "chta.json"}, "chta.json: |No such file|\"chat.json\"?"},
      {"a missing folder", {"run", "none/chat.json"}, "none/chat.json: |No such file"},
      {"no name", {"run", ""}, "file name: |is empty|path"},
      {"a directory", {"run", "folder"}, "folder: is a directory|a file"},
      {"a file as a folder", {"run", "chat.json/x"}, "chat.json/x: |Not a directory"},
      {"a loop of links", {"run", "loop"}, "loop: |symbolic links"},
      {"a dangling link", {"run", "dangling"}, "dangling: |No such file"},
      {"a named pipe", {"run", "pipe"}, "pipe: is a named pipe|a file"},
      {"a long name", {"run", std::string(5000, 'a')}, "aaa|…: |File name too long"},
      {"a name of two lines", {"run", "x\ny.json"}, "x\\ny.json: |No such file"},
      {"nothing", {"run", "/dev/null"}, "/dev/null: is empty"},
      {"zeros without end", {"run", "/dev/zero"}, "/dev/zero: is larger than 16 MB"},
      {"memory", {"run", "/proc/self/mem"}, "/proc/self/mem: cannot be read"},
      with_values("a missing model", "/model=none.json", "none.json: |No such file"),
      with_values("a directory for a model", "/model=./folder", "folder: is a directory"),
      with_values("zeros for a model", "/model=/dev/zero", "/dev/zero: is larger than 16 MB"),
      with_values("a pipe for a cluster", "/cluster=./pipe", "pipe: is a named pipe"),
      with_values("a missing trace", R"(/workload={"trace": "trase.csv"})",
                  "trase.csv: |No such file|\"trace.csv\"?"),
      with_values("a directory for a trace", R"(/workload={"trace": "folder"})", "folder: is a directory"),
      with_values("a pipe for a trace", R"(/workload={"trace": "pipe"})", "pipe: is a |give a file"),
      with_values("a missing recording",
                  "/model=mixtral-8x7b & /model_overrides/num_hidden_layers=2 & /routing/mode=trace & "
                  "/routing/trace=trase.csv",
                  "trase.csv: |No such file|\"trace.csv\"?"),
      with_values(
          "a pipe for a recording",
          R"(/model=mixtral-8x7b & /model_overrides/num_hidden_layers=2 & /routing={"mode": "trace", "trace": "pipe.npz"})",
          "pipe.npz: is a pipe"),
      with_values("zeros without end for a trace", R"(/workload={"trace": "/dev/zero", "format": "csv"})",
                  "/dev/zero: "),
      {"a missing scenario of a study", {"sweep", "none.json", "--out", "o"}, "none.json: |No such file"},
      {"a file to write to", {"run", "chat.json", "--out", "trace.csv"}, "trace.csv: is a file|a folder"},
      {"a folder below a file",
       {"run", "chat.json", "--out", "trace.csv/x"},
       "trace.csv/x: |Not a directory"},
      {"a folder that takes nothing",
       {"run", "chat.json", "--out", "/proc"},
       "/proc: cannot be written to|folder"},
      {"a folder that cannot be", {"sweep", "study.json", "--out", "/proc/x"}, "/proc/x: cannot be made"},
      {"a long folder", {"run", "chat.json", "--out", std::string(300, 'a')}, "aaa|File name too long"},
      {"no folder", {"run", "chat.json", "--out", ""}, "folder name: is empty"},
  });
}

TEST_CASE("A gigabyte of zeros is refused at once, whatever it stands for") {
  BadInputBench bench;
  const std::filesystem::path& folder = bench.folder().path();
  bench.folder().write("zeros", "");
  std::filesystem::resize_file(folder / "zeros", std::uintmax_t{1} << 30);
  std::filesystem::create_directories(folder / "out");
  bench.folder().write("out/journal.jsonl", "");
  std::filesystem::resize_file(folder / "out/journal.jsonl", std::uintmax_t{1} << 30);
  const std::string large = "zeros: is larger than 16 MB|smaller";
  bench.check({
      {"a scenario", {"run", "zeros"}, large},
      {"a scenario of a step", {"step", "zeros", "--prefill", "1"}, large},
      {"a scenario of routing", {"routing", "zeros"}, large},
      {"a study", {"sweep", "zeros", "--out", "o"}, large},
      with_values("a model", "/model=./zeros", large),
      with_values("a cluster", "/cluster=./zeros", large),
      with_values("a GPU", R"(/cluster={"gpu": "./zeros", "gpus_per_node": 8})", large),
      with_values("a GPU's profile",
                  R"(/cluster={"gpu": {"base": "h100_sxm", "profile": "./zeros"}, "gpus_per_node": 8})",
                  large),
      with_values("an engine profile", "/engine/profile=./zeros", large),
      with_values("a routing preset", "/routing/preset=./zeros", large),
      with_values("a trace", R"(/workload={"trace": "zeros"})", "zeros: line 1: has a NUL byte|text"),
      with_values("an Azure trace", R"(/workload={"trace": "zeros", "format": "azure"})",
                  "zeros: line 1: has a NUL byte"),
      with_values("lengths",
                  R"(/workload/prompt_tokens={"distribution": "empirical", "path": "zeros", "column": "n"})",
                  "zeros: line 1: has a NUL byte"),
      {"a journal",
       {"sweep", "study.json", "--out", "out"},
       "out/journal.jsonl: has a line of more than|remove it"},
  });
}

}  // namespace switchyard
