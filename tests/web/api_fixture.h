// SPDX-License-Identifier: Apache-2.0
// The API over a small store in memory, called without sockets.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "engine/storage/memory_storage.h"
#include "gtest/gtest.h"
#include "web/api/api.h"
#include "web/dependencies.h"
#include "web/router.h"

namespace sloburn::web {

class FakeRules : public rules::StatusSource {
 public:
  std::vector<rules::GroupStatus> Groups() const override { return groups; }
  std::vector<rules::GroupStatus> groups;
};

class ApiFixture : public testing::Test {
 protected:
  static constexpr int64_t kStartMs = 1'700'000'000'000;

  ApiFixture() : clock_(absl::FromUnixMillis(kStartMs)) {
    deps_.storage = &storage_;
    deps_.clock = &clock_;
    deps_.rules = &rules_;
    deps_.enable_remote_write_receiver = true;
  }

  // Call after deps_ is as the test wants it.
  void Build() {
    const absl::Status status = AddApi(router_, deps_);
    ASSERT_TRUE(status.ok()) << status;
  }

  void Append(std::vector<Label> labels, int64_t offset_ms, double value) {
    auto appender = storage_.NewAppender();
    ASSERT_TRUE(
        appender->Append(Labels::FromPairs(std::move(labels)), kStartMs + offset_ms, value).ok());
    ASSERT_TRUE(appender->Commit().ok());
  }

  // What testdata/web/prometheus_answers.txt was asked about.
  void AppendDataSet() {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const auto pair = [&](std::vector<Label> labels, double first, double second) {
      Append(labels, 0, first);
      Append(labels, 15000, second);
    };
    pair({{"__name__", "up"}, {"job", "a"}, {"instance", "x:1"}}, 1, 0);
    pair({{"__name__", "up"}, {"job", "b<&>"}, {"instance", "y\"\\\n"}}, 1, 1);
    pair({{"__name__", "vals"}, {"k", "big"}}, 1.2345678901234567e17, 1e21);
    pair({{"__name__", "vals"}, {"k", "small"}}, 1e-7, 0.000001);
    pair({{"__name__", "vals"}, {"k", "special"}}, kInfinity, -kInfinity);
    pair({{"__name__", "vals"}, {"k", "zero"}}, -0.0, std::numeric_limits<double>::quiet_NaN());
    pair({{"__name__", "vals"}, {"k", "third"}}, 1.0 / 3, -2.5e10);
    Append({{"__name__", "half"}, {"http.status", "200"}}, 500, 7);
  }

  Response Call(Request request, std::string_view target) {
    const size_t mark = target.find('?');
    request.path = std::string(target.substr(0, mark));
    if (mark != std::string_view::npos) request.query = std::string(target.substr(mark + 1));
    return router_.Dispatch(request);
  }
  Response Call(std::string_view method, std::string_view target) {
    Request request;
    request.method = std::string(method);
    return Call(std::move(request), target);
  }
  Response Get(std::string_view target) { return Call("GET", target); }

  MemoryStorage storage_;
  FakeClock clock_;
  FakeRules rules_;
  Dependencies deps_;
  Router router_;
};

}  // namespace sloburn::web
