// Recordings as CSV: a row for each token and layer, ordered by sequence, position and layer.
#include <map>
#include <optional>
#include <set>

#include "sim/base/csv_reader.hpp"
#include "sim/base/csv_writer.hpp"
#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/quote.hpp"
#include "sim/base/text.hpp"
#include "workloads/requests/trace.hpp"
#include "workloads/routing/recording.hpp"

namespace switchyard {
namespace {

constexpr std::int64_t kMostLayers = 65'536;

/// Reads row by row, and knows which row must come next.
class CsvRecordingReader {
 public:
  explicit CsvRecordingReader(const std::string& path)
      : csv_(path),
        sequence_(csv_.column("sequence")),
        position_(csv_.column("position")),
        layer_(csv_.column("layer")),
        domain_(csv_.find_column("domain")) {
    while (csv_.find_column("expert_" + std::to_string(experts_.size())))
      experts_.push_back(csv_.column("expert_" + std::to_string(experts_.size())));
    if (experts_.empty()) csv_.column("expert_0");  // says that it is missing
    recording_.top_k = static_cast<std::int64_t>(experts_.size());
  }

  RoutingRecording read() {
    for (CsvReader::Row row; csv_.next(row);) {
      begin_token(row);
      add_layer(row);
    }
    if (recording_.sequences.empty()) csv_.fail("has no rows; give at least one token");
    end_token();
    return std::move(recording_);
  }

 private:
  void begin_token(const CsvReader::Row& row) {
    const std::string_view name = row[sequence_];
    const std::int64_t position = csv_.integer(row, position_);
    const bool same_sequence = !recording_.sequences.empty() && recording_.sequences.back().name == name;
    if (same_sequence && position == at_) return check_domain(row);
    if (!recording_.sequences.empty()) end_token();
    if (!same_sequence) begin_sequence(row);
    else check_domain(row);
    const std::int64_t wanted = same_sequence ? at_ + 1 : 0;
    if (position != wanted) {
      csv_.fail("position: " + std::to_string(position) + " comes where " + std::to_string(wanted) +
                " is next; give every token of a sequence, in order, from 0");
    }
    at_ = position;
    next_layer_ = 0;
  }

  void begin_sequence(const CsvReader::Row& row) {
    const std::string name(row[sequence_]);
    if (!names_.insert(name).second)
      csv_.fail("sequence: " + in_quotes(name) + " comes again; give the rows of a sequence together");
    recording_.sequences.push_back({name, domain_ ? std::string(row[*domain_]) : std::string(), {}});
  }

  void check_domain(const CsvReader::Row& row) const {
    const std::string& domain = recording_.sequences.back().domain;
    if (!domain_ || row[*domain_] == domain) return;
    csv_.fail("domain: " + in_quotes(row[*domain_]) + " and before it " + in_quotes(domain) +
              "; give a sequence one domain");
  }

  void add_layer(const CsvReader::Row& row) {
    const std::int64_t layer = csv_.integer(row, layer_);
    const bool too_many = recording_.layers > 0 && layer >= recording_.layers;
    if (layer != next_layer_ || too_many || layer >= kMostLayers) {
      csv_.fail("layer: " + std::to_string(layer) + " comes where " +
                (too_many ? "the next token" : std::to_string(next_layer_)) +
                " is next; give every layer of a token, in order, from 0, and as many for each token");
    }
    ++next_layer_;
    assignments_ += experts_.size();
    if (assignments_ > kMostAssignments) {
      csv_.fail("holds more than " + std::to_string(kMostAssignments) + " assignments; keep fewer sequences");
    }
    std::vector<std::uint16_t>& experts = recording_.sequences.back().experts;
    for (const std::size_t column : experts_) experts.push_back(expert(row, column));
  }

  std::uint16_t expert(const CsvReader::Row& row, std::size_t column) const {
    if (trimmed(row[column]).empty()) return kNotRecorded;
    const std::int64_t expert = csv_.integer(row, column);
    if (expert < 0 || expert >= kNotRecorded) {
      csv_.fail(csv_.columns()[column] + ": " + std::to_string(expert) +
                " is no expert; experts are counted from 0 to 65534");
    }
    return static_cast<std::uint16_t>(expert);
  }

  void end_token() {
    if (recording_.layers == 0) recording_.layers = next_layer_;
    if (next_layer_ == recording_.layers) return;
    csv_.fail("the token before it, or the last of all, has " + std::to_string(next_layer_) + " layers of " +
              std::to_string(recording_.layers) + "; give every layer of every token");
  }

  CsvReader csv_;
  std::size_t sequence_, position_, layer_;
  std::optional<std::size_t> domain_;
  std::vector<std::size_t> experts_;  // columns
  std::set<std::string> names_;
  std::int64_t at_ = 0;  // the position that the last row has
  std::int64_t next_layer_ = 0;
  std::size_t assignments_ = 0;
  RoutingRecording recording_;
};

void write_rows(std::ostream& out, const RoutingRecording& recording) {
  std::vector<std::string> columns = {"sequence", "domain", "position", "layer"};
  for (std::int64_t i = 0; i < recording.top_k; ++i) columns.push_back("expert_" + std::to_string(i));
  CsvWriter csv(out, columns);
  for (const RecordedSequence& sequence : recording.sequences) {
    const std::uint16_t* expert = sequence.experts.data();
    for (std::int64_t token = 0; token < recording.tokens(sequence); ++token)
      for (std::int64_t layer = 0; layer < recording.layers; ++layer) {
        csv.cell(sequence.name).cell(sequence.domain).cell(token).cell(layer);
        for (std::int64_t i = 0; i < recording.top_k; ++i, ++expert) {
          if (*expert == kNotRecorded) csv.cell("");
          else csv.cell(*expert);
        }
        csv.end_row();
      }
  }
}

}  // namespace

RoutingRecording read_routing_csv(const std::string& path) {
  check_trace_file(path);
  return CsvRecordingReader(path).read();
}

void write_routing_csv(const std::string& path, const RoutingRecording& recording) {
  write_file_atomically(path, [&](std::ostream& out) { write_rows(out, recording); });
}

}  // namespace switchyard
