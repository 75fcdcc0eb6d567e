// "model_type": "convolutional": image classifiers as lists of convolutions, for parameters and operations
// alone.
#include "workloads/hugging_face/parts.hpp"
#include "workloads/hugging_face/reader.hpp"

namespace switchyard {

Architecture read_convolutional(ConfigReader& config) {
  Architecture network;
  network.form = ModelForm::convolutional;
  network.final_norm_vectors = 0;
  for (ObjectReader layer : config.objects("convolutions")) {
    Convolution c;
    c.kernel = layer.optional_integer("kernel", 1, {1, 64});
    c.in_channels = layer.integer("in_channels", {1, 1 << 16});
    c.out_channels = layer.integer("out_channels", {1, 1 << 16});
    c.output_size = layer.optional_integer("output_size", 1, {1, 1 << 14});
    c.bias = layer.optional_boolean("bias", false);
    c.batch_norm = layer.optional_boolean("batch_norm", false);
    const std::int64_t times = layer.optional_integer("times", 1, {1, 1024});
    layer.finish();
    if (static_cast<std::int64_t>(network.convolutions.size()) + times > SizeLimit::kLayers)
      config.fail("convolutions", "are more than " + std::to_string(SizeLimit::kLayers) + "; give fewer");
    network.convolutions.insert(network.convolutions.end(), static_cast<std::size_t>(times), c);
  }
  return network;
}

}  // namespace switchyard
