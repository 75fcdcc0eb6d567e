// What can be asked of an architecture without counting parameters.
#include "workloads/architecture.hpp"

#include <algorithm>

namespace switchyard {

std::int64_t Architecture::moe_layers() const {
  return std::count_if(layers.begin(), layers.end(),
                       [](const Layer& layer) { return layer.moe.has_value(); });
}

bool Architecture::drops_tokens() const {
  return std::any_of(layers.begin(), layers.end(),
                     [](const Layer& layer) { return layer.moe && layer.moe->capacity_factor; });
}

Architecture prompt_part(Architecture architecture) {
  if (architecture.form != ModelForm::encoder_decoder) return architecture;
  for (auto i = static_cast<std::size_t>(architecture.encoder_layers); i < architecture.layers.size(); ++i) {
    Layer keys_and_values;
    keys_and_values.cross_attention = architecture.layers[i].cross_attention;
    architecture.layers[i] = keys_and_values;
  }
  return architecture;
}

ModelKind kind_of(const Architecture& architecture) {
  if (architecture.moe_layers() == 0) return ModelKind::dense;
  const bool both = std::any_of(architecture.layers.begin(), architecture.layers.end(),
                                [](const Layer& layer) { return layer.dense && layer.moe; });
  return both ? ModelKind::hybrid : ModelKind::moe;
}

std::string_view name_of(ModelKind kind) {
  switch (kind) {
    case ModelKind::dense:
      return "dense";
    case ModelKind::moe:
      return "moe";
    case ModelKind::hybrid:
      return "hybrid";
  }
  return "dense";
}

std::string_view name_of(ModelForm form) {
  switch (form) {
    case ModelForm::decoder:
      return "decoder";
    case ModelForm::encoder:
      return "encoder";
    case ModelForm::encoder_decoder:
      return "encoder-decoder";
    case ModelForm::convolutional:
      return "convolutional network";
  }
  return "decoder";
}

}  // namespace switchyard
