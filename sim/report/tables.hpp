// A run as text: the table on the console, requests.csv and steps.csv.
#pragma once

#include <ostream>
#include <string>

#include "sim/record/run_log.hpp"
#include "sim/report/summary.hpp"

namespace switchyard {

/// The table that `run` prints; ends with a newline. Plain text, at most 100 columns unless a name is longer.
std::string console_table(const RunDescription& description, const Summary& summary);

/// One row a request, in the order of the ids: request_id, arrival_s, prompt_tokens, output_tokens (wanted),
/// first_token_s, finish_s, ttft_s, tpot_s, e2e_s, replica, data_parallel_rank, preemptions, outcome, warmup
/// (0 or 1). Cells that have no value, e.g. the times and the replica of a rejected request, are empty.
void write_requests_csv(std::ostream& out, const RunLog& log);

/// One row a logged run of steps, in the order logged: start_s, end_s, replica, count, prefill_tokens,
/// decode_sequences, running, waiting, kv_blocks_used.
void write_steps_csv(std::ostream& out, const RunLog& log);

}  // namespace switchyard
