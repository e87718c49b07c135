// SPDX-License-Identifier: Apache-2.0
// A receiver of remote write with Prometheus' rules: older samples of a series are refused as out
// of order, the newest may come again with the same value. By 1.0 a refusal undoes the request; by
// 2.0 the other samples are written and counted.
//
//   FakeReceiver receiver;
//   WriteSender::Create({.http = {.url = receiver.url()}});
//
// Threads: Stored and requests from any thread; `before` is called under the server's lock.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/sample.h"
#include "engine/remote/write_message.h"
#include "tests/engine/remote/fake_server.h"

namespace sloburn::remote {

class FakeReceiver {
 public:
  // Called for each request with its number, from 0. An answer is given instead of the real one;
  // with `stores_first`, after the request was stored.
  struct Fault {
    FakeAnswer answer;
    bool stores_first = false;
  };
  using Before = std::function<std::optional<Fault>(int number, const FakeRequest& request)>;

  explicit FakeReceiver(Before before = {});

  std::string url() const { return server_.url("/api/v1/write"); }
  std::vector<FakeRequest> requests() const { return server_.requests(); }

  // "1=2.5" for each sample, histograms as "1=h", by the series' text.
  std::map<std::string, std::vector<std::string>> Stored() const;

  // What was refused for good: series that have this label are bad data.
  static constexpr char kBadLabel[] = "bad";

 private:
  using Store = std::map<std::string, std::vector<std::pair<int64_t, std::string>>>;

  FakeAnswer Handle(const FakeRequest& request);
  FakeAnswer Take(const FakeRequest& request);

  const Before before_;
  int number_ = 0;
  mutable absl::Mutex mutex_;
  Store store_ ABSL_GUARDED_BY(mutex_);
  FakeServer server_;  // last: it ends first
};

// What a request holds, in its order.
std::vector<SeriesSamples> DecodeSeries(const FakeRequest& request);
// By the Content-Type.
WriteMessage MessageOf(const FakeRequest& request);

}  // namespace sloburn::remote
