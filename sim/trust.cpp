// The three sentences and the errors behind the last of them.
#include "sim/trust.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <set>

namespace switchyard {
namespace {

using Validation = EngineGeneration::Validation;

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string percent(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), share < 0.1 ? "%.1f %%" : "%.0f %%", share * 100.0);
  return text.data();
}

std::string signed_percent(double share) { return (share < 0.0 ? "-" : "+") + percent(std::fabs(share)); }

/// Device, versions and date of a measurement; empty where the profile does not tell.
std::string words_of(const Measurement& measured) {
  std::string words;
  const auto add = [&](const std::string& label, const std::string& text) {
    if (!text.empty()) words += (words.empty() ? "" : ", ") + label + text;
  };
  add("", measured.device);
  add("driver ", measured.driver);
  for (const auto& [library, version] : measured.libraries) add(library + " ", version);
  add("", measured.date);
  return words;
}

void add_gpu(Trust& trust, const Gpu& gpu) {
  const std::string subject = "GPU profile of " + gpu.name + ": ";
  const Provenance provenance = provenance_of(gpu);
  if (provenance == Provenance::stated) {
    trust.gpu_profile = "stated";
    trust.gpu_profile_text = subject + "stated shares of its datasheet's figures, not measured";
    return;
  }
  const std::string words = words_of(gpu.profile.measurement);
  trust.gpu_profile = provenance == Provenance::measured ? "measured" : "scaled";
  trust.gpu_profile_text = subject + provenance_text(gpu) +
                           (provenance == Provenance::scaled ? " by datasheet" : "") +
                           (words.empty() ? "" : " (" + words + ")");
}

bool names_gpu(const EngineGeneration& generation, const std::string& gpu) {
  return std::find(generation.gpus.begin(), generation.gpus.end(), gpu) != generation.gpus.end();
}

void add_engine(Trust& trust, const EngineProfile& engine, const std::string& gpu) {
  const std::string subject = "Engine " + engine.name + ": ";
  const auto own = std::find_if(engine.generations.begin(), engine.generations.end(),
                                [&](const EngineGeneration& g) { return names_gpu(g, gpu); });
  if (own == engine.generations.end() || own->validated.empty()) {
    trust.engine = "not validated";
    trust.engine_text = subject + "its times were not validated on " + gpu;
    return;
  }
  std::set<std::string> models, gpus;
  std::int64_t points = 0;
  for (const Validation& row : own->validated) {
    models.insert(row.model);
    gpus.insert(row.gpu);
    points += row.points;
  }
  trust.engine = own->thin.empty() ? "validated" : "thin";
  trust.engine_text = subject + (own->thin.empty() ? "validated" : "thinly validated, " + own->thin + ";") +
                      " on " + joined(gpus) + ": " + std::to_string(points) + " measured points of " +
                      joined(models);
}

/// A measured configuration and what of the scenario it is not: what matters most first.
struct Candidate {
  std::array<bool, 3> differs{};  // generation of GPUs, kind of model, GPU
  const Validation* row = nullptr;
};

std::vector<Candidate> nearest(const EngineProfile& engine, const std::string& gpu, ModelKind kind) {
  const bool experts = kind != ModelKind::dense;
  std::vector<Candidate> candidates;
  for (const EngineGeneration& generation : engine.generations)
    for (const Validation& row : generation.validated)
      candidates.push_back(
          {{!names_gpu(generation, gpu), (row.kind != ModelKind::dense) != experts, row.gpu != gpu}, &row});
  if (candidates.empty()) return {};
  const auto least =
      std::min_element(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
        return a.differs < b.differs;
      })->differs;
  std::erase_if(candidates, [&](const Candidate& candidate) { return candidate.differs != least; });
  return candidates;
}

/// What of the scenario was not measured: "another GPU, another kind of model".
std::string differences(const Candidate& candidate, std::int64_t gpus, std::int64_t most_gpus) {
  std::string text;
  const auto add = [&](const std::string& what) { text += (text.empty() ? "" : ", ") + what; };
  if (candidate.differs[0]) add("another generation of GPUs");
  else if (candidate.differs[2]) add("another GPU");
  if (candidate.differs[1]) add("another kind of model");
  if (gpus > most_gpus) add(std::to_string(gpus) + " GPUs a replica");
  return text;
}

/// Names joined, numbers of points added, errors as means by them.
Validation together(const std::vector<Candidate>& candidates) {
  Validation mean;
  std::set<std::string> models, gpus;
  for (const Candidate& candidate : candidates) mean.points += candidate.row->points;
  for (const Candidate& candidate : candidates) {
    const Validation& row = *candidate.row;
    models.insert(row.model);
    gpus.insert(row.gpu);
    mean.most_gpus = std::max(mean.most_gpus, row.most_gpus);
    const double weight = static_cast<double>(row.points) / static_cast<double>(mean.points);
    for (const auto error : {&Validation::tpot_error, &Validation::ttft_error, &Validation::throughput_error,
                             &Validation::tpot_bias, &Validation::ttft_bias})
      mean.*error += weight * (row.*error);
  }
  mean.model = joined(models);
  mean.gpu = joined(gpus);
  return mean;
}

void add_errors(Trust& trust, const Scenario& scenario) {
  const std::vector<Candidate> candidates =
      nearest(scenario.engine.profile, scenario.cluster.gpu.name, kind_of(scenario.model));
  if (candidates.empty()) {
    trust.error_text = "Error: unknown, nothing of this engine was set against a measurement";
    return;
  }
  const Validation mean = together(candidates);
  trust.tpot_error = mean.tpot_error;
  trust.ttft_error = mean.ttft_error;
  trust.throughput_error = mean.throughput_error;
  const std::string missing =
      differences(candidates.front(), scenario.deployment.gpus_per_replica(), mean.most_gpus);
  trust.error_text = "Error at the nearest measured configuration (" + mean.model + " on " + mean.gpu +
                     ", at most " + std::to_string(mean.most_gpus) +
                     (mean.most_gpus == 1 ? " GPU" : " GPUs") + "): TPOT " + percent(mean.tpot_error) +
                     " (mean " + signed_percent(mean.tpot_bias) + "), TTFT " + percent(mean.ttft_error) +
                     " (mean " + signed_percent(mean.ttft_bias) + "), throughput " +
                     percent(mean.throughput_error) + (missing.empty() ? "" : "; not measured: " + missing);
}

}  // namespace

Trust trust_of(const Scenario& scenario) {
  Trust trust;
  add_gpu(trust, scenario.cluster.gpu);
  add_engine(trust, scenario.engine.profile, scenario.cluster.gpu.name);
  add_errors(trust, scenario);
  return trust;
}

}  // namespace switchyard
