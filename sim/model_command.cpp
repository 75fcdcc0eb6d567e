// switchyard model: what an architecture is made of, without a cluster.
#include <cstdio>
#include <iostream>

#include "sim/command.hpp"
#include "workloads/catalogue.hpp"
#include "workloads/parameters.hpp"

namespace switchyard {
namespace {

namespace po = boost::program_options;

po::options_description model_options() {
  po::options_description options("switchyard model NAME|config.json [--format json]");
  options.add_options()("model", po::value<std::string>(),
                        "a name of `switchyard list models`, or the path of a Hugging Face config.json")(
      "context", po::value<std::string>()->default_value("0"),
      "tokens in the cache, for the operations of a token")(
      "format", po::value<std::string>()->default_value("text"), "text | json")("help", "this text");
  return options;
}

/// Of the widest MoE layer; 0 for a dense model.
GateShape widest_gate(const Architecture& model) {
  GateShape widest{0, 0};
  for (const Layer& layer : model.layers)
    if (layer.moe && layer.moe->gate.num_experts > widest.num_experts) widest = layer.moe->gate;
  return widest;
}

std::string router_of(const Architecture& model) {
  for (const Layer& layer : model.layers)
    if (layer.moe) return layer.moe->router;
  return "";
}

std::int64_t depth_of(const Architecture& model) {
  const std::size_t layers =
      model.form == ModelForm::convolutional ? model.convolutions.size() : model.layers.size();
  return static_cast<std::int64_t>(layers);
}

double deviation(double counted, double published) { return counted / published - 1.0; }

Json published_json(const Architecture& model, const ParameterCount& count) {
  const PublishedParameters& published = *model.published;
  const std::int64_t active = active_by_convention(count, published.counts);
  Json json = {{"total_parameters", published.total},
               {"total_deviation", deviation(static_cast<double>(count.total), published.total)}};
  json["active_parameters"] = published.active ? Json(*published.active) : Json();
  json["active_convention"] = published.active_convention;
  json["active_parameters_by_convention"] = active;
  json["active_deviation"] =
      published.active ? Json(deviation(static_cast<double>(active), *published.active)) : Json();
  json["deviation"] = published.deviation;
  json["source"] = published.source;
  return json;
}

Json to_json(const Architecture& model, std::int64_t context) {
  const ParameterCount count = count_parameters(model);
  const GateShape gate = widest_gate(model);
  const PrecisionByRole& stored = model.checkpoint;
  Json json = {{"name", model.name},
               {"kind", name_of(kind_of(model))},
               {"form", name_of(model.form)},
               {"total_parameters", count.total},
               {"active_parameters", count.active},
               {"embedding_parameters", count.embedding + count.head},
               {"layers", depth_of(model)},
               {"moe_layers", model.moe_layers()},
               {"experts", gate.num_experts},
               {"top_k", gate.num_experts_per_tok}};
  json["router"] = gate.num_experts > 0 ? Json(router_of(model)) : Json();
  json["hidden_size"] = model.hidden_size;
  json["vocab_size"] = model.vocab_size;
  json["max_position_embeddings"] = model.max_position_embeddings;
  json["kv_bytes_per_token"] = kv_bytes_per_token(model, Precision::bf16).value();
  json["weight_bytes"] = weight_bytes(model, stored).value();
  json["precision"] = {{"attention", name_of(stored.attention)},
                       {"dense_ffn", name_of(stored.dense_ffn)},
                       {"shared_expert", name_of(stored.shared_expert)},
                       {"routed_experts", name_of(stored.routed_experts)}};
  json["flops_per_token"] = flops_per_token(model, context).value();
  json["context"] = context;
  if (model.published) json["published"] = published_json(model, count);
  json["notes"] = model.notes;
  json["source"] = model.source;
  return json;
}

std::string in_units(double value, double unit, const char* name) {
  char text[64];
  std::snprintf(text, sizeof text, "%.4g %s", value / unit, name);
  return text;
}

std::string billions(double count) {
  return count < 1e9 ? in_units(count, 1e6, "M") : in_units(count, 1e9, "B");
}

void line(const char* name, const std::string& value) { std::printf("  %-26s %s\n", name, value.c_str()); }

std::string per_cent(double fraction) {
  char text[32];
  std::snprintf(text, sizeof text, "%+.1f %%", 100.0 * fraction);
  return text;
}

std::string format_words(const Architecture& model) {
  const PrecisionByRole& stored = model.checkpoint;
  if (stored == PrecisionByRole::all(stored.attention)) return std::string(name_of(stored.attention));
  std::string words = "attention " + std::string(name_of(stored.attention)) + ", FFN " +
                      std::string(name_of(stored.dense_ffn));
  if (model.moe_layers() > 0) {
    words += ", shared expert " + std::string(name_of(stored.shared_expert)) + ", routed experts " +
             std::string(name_of(stored.routed_experts));
  }
  return words;
}

void print_published(const Architecture& model, const ParameterCount& count) {
  const PublishedParameters& published = *model.published;
  line("published total", billions(published.total) + " (counted: " +
                              per_cent(deviation(static_cast<double>(count.total), published.total)) + ")");
  if (published.active) {
    const auto active = static_cast<double>(active_by_convention(count, published.counts));
    line("published active", billions(*published.active) + " (counted " + published.active_convention + ": " +
                                 billions(active) + ", " + per_cent(deviation(active, *published.active)) +
                                 ")");
  }
  if (!published.deviation.empty()) line("deviation", published.deviation);
  line("published in", published.source);
}

void print(const Architecture& model, std::int64_t context) {
  const ParameterCount count = count_parameters(model);
  const GateShape gate = widest_gate(model);
  std::printf("%s: %s %s\n", model.name.c_str(), std::string(name_of(kind_of(model))).c_str(),
              std::string(name_of(model.form)).c_str());
  line("parameters", billions(static_cast<double>(count.total)));
  line("active a token", billions(static_cast<double>(count.active)) + ", embedding and head included");
  std::string layers = std::to_string(depth_of(model));
  if (model.moe_layers() > 0) layers += ", " + std::to_string(model.moe_layers()) + " of them route";
  line("layers", layers);
  if (gate.num_experts > 0) {
    line("experts", std::to_string(gate.num_experts) + " a layer, " +
                        std::to_string(gate.num_experts_per_tok) + " a token, gate " + router_of(model));
  }
  line("weights", in_units(weight_bytes(model, model.checkpoint).value(), 1073741824.0, "GiB") + " in " +
                      format_words(model));
  const bool network = model.form == ModelForm::convolutional;
  if (!network) {
    line("KV cache a token",
         in_units(kv_bytes_per_token(model, Precision::bf16).value(), 1024.0, "KiB in bf16"));
    line("context", std::to_string(model.max_position_embeddings) + " tokens");
  }
  line(network ? "operations an image" : "operations a token",
       in_units(flops_per_token(model, context).value(), 1e9, "GFLOP") +
           (network ? "" : " at a context of " + std::to_string(context)));
  if (model.published) print_published(model, count);
  for (const std::string& note : model.notes) line("note", note);
  line("source", model.source);
}

}  // namespace

int model_command(const Arguments& arguments) {
  const po::variables_map options = parse_arguments(arguments, model_options(), "model", {"model"});
  if (options.count("help")) {
    std::cout << model_options();
    return 0;
  }
  const std::string format = format_of(options, {"text", "json"});
  const std::int64_t context = integer_of(options, "context", {0, 1LL << 31});
  const Architecture model =
      read_model(Json(options["model"].as<std::string>()), Json(), ".", "switchyard model");
  if (format == "json") std::cout << pretty(to_json(model, context));
  else print(model, context);
  return 0;
}

}  // namespace switchyard
