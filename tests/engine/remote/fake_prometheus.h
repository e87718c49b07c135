// SPDX-License-Identifier: Apache-2.0
// A Prometheus for tests: series in memory, served by remote read and by the query API, with
// faults on demand.
//
// Threads: set series and faults from the test's thread only while no request runs.
#pragma once

#include <atomic>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/model/matcher.h"
#include "engine/model/sample.h"
#include "engine/remote/prometheus_proto.h"
#include "tests/engine/remote/fake_server.h"

namespace sloburn::remote {

class FakePrometheus {
 public:
  FakePrometheus();

  // Puts a sample into the series, in order of time; makes the series where it is new.
  void Add(const Labels& labels, int64_t time_ms, double value);

  // The selector text that the query API is to know, as it is asked for.
  void Know(std::string selector, Matchers matchers);
  // Queries of it are bad from now on.
  void Forget(const std::string& selector) {
    selectors_.erase(selector);
    forgotten_.insert(selector);
  }

  bool has_remote_read = true;
  std::atomic<int> failures{0};      // so many requests to come are answered with 503
  int64_t sample_limit = 1'000'000;  // of one remote read or query
  absl::Duration delay = absl::ZeroDuration();  // of each answer
  int64_t hide_newer_than_ms = 1'000'000'000'000'000;  // samples not scraped yet

  FakeServer& server() { return server_; }

 private:
  FakeAnswer Handle(const FakeRequest& request);
  FakeAnswer Read(const FakeRequest& request) const;
  FakeAnswer Query(const FakeRequest& request) const;
  std::vector<SeriesSamples> Select(const Matchers& matchers, int64_t from_ms,
                                    int64_t to_ms) const;  // both inclusive

  std::map<std::string, SeriesSamples> series_;
  std::map<std::string, Matchers> selectors_;
  std::set<std::string> forgotten_;
  FakeServer server_;  // last: its threads use the rest
};

}  // namespace sloburn::remote
