// SPDX-License-Identifier: Apache-2.0
#include "tests/cli/write_endpoint.h"

#include "absl/time/clock.h"
#include "base/check.h"
#include "engine/remote/prometheus_proto.h"
#include "engine/remote/snappy_block.h"

namespace sloburn::cli {

WriteEndpoint::WriteEndpoint()
    : server_([this](const remote::FakeRequest& request) { return Handle(request); }) {}

remote::FakeAnswer WriteEndpoint::Handle(const remote::FakeRequest& request) {
  if (is_down) return remote::Answer(503, "down");
  const auto bytes = remote::SnappyDecompress(request.body, 32 << 20);
  CHECK(bytes.ok());
  const auto message = remote::DecodeWriteRequest(*bytes, {});
  CHECK(message.ok());
  absl::MutexLock lock(&mutex_);
  for (const SeriesSamples& series : message->series) {
    std::vector<int64_t>& times = arrived_[series.labels.ToString()];
    for (const Sample& sample : series.samples) times.push_back(sample.timestamp_ms);
  }
  remote::FakeAnswer answer = remote::Answer(204, "");
  answer.delay = absl::Milliseconds(delay_ms.load());
  return answer;
}

std::map<std::string, std::vector<int64_t>> WriteEndpoint::Arrived() const {
  absl::MutexLock lock(&mutex_);
  return arrived_;
}

bool WriteEndpoint::WaitFor(
    const std::function<bool(const std::map<std::string, std::vector<int64_t>>&)>& done) const {
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  while (!done(Arrived())) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return true;
}

}  // namespace sloburn::cli
