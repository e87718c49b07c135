// SPDX-License-Identifier: Apache-2.0
// Method and path -> handler.
//
//   Router router;
//   router.Add({"GET", "POST"}, "/api/v1/query", Lane::kQuery, handler);
//   Response response = router.Dispatch(request);
//
// Paths are compared segment by segment after percent-decoding; ":name" takes exactly one
// non-empty segment; a final "*" takes any rest. GET handlers also answer HEAD.
// Threads: Add all routes first; then every const function may be called from any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "web/request.h"
#include "web/response.h"

namespace sloburn::web {

// Where a handler runs. Each lane has its own threads, so that no other request delays it.
enum class Lane {
  kHealth,   // answers at once, never blocks
  kQuery,    // may take as long as a query
  kWrite,    // receives samples; bodies may be large
  kRead,     // remote read; answers may take as long as their client reads
  kControl,  // short answers about the process, and reload
};

using Handler = std::function<Response(const Request&)>;

class Router {
 public:
  void Add(std::vector<std::string> methods, std::string_view pattern, Lane lane, Handler handler);

  // "/ruler": routes are found below it, and handlers see paths without it. GET of "/" leads there.
  void SetPrefix(std::string prefix) { prefix_ = std::move(prefix); }
  // What handlers see; nullopt where the path is not below the prefix.
  std::optional<std::string_view> WithoutPrefix(std::string_view path) const;

  // Runs on what Dispatch answered, for headers that all answers share.
  using Finisher = std::function<void(const Request&, Response&)>;
  void AddFinisher(Finisher finisher) { finishers_.push_back(std::move(finisher)); }

  // Called with the route's pattern ("" if none fits), the code and the time it took.
  using Observer =
      std::function<void(std::string_view pattern, int status, double seconds, size_t body_bytes)>;
  void SetObserver(Observer observer) { observer_ = std::move(observer); }

  // Where the request will run; the server asks before it reads a body. Unknown paths: kHealth.
  Lane LaneFor(std::string_view method, std::string_view path) const;

  // Never throws: an exception of a handler becomes a 500.
  Response Dispatch(Request& request) const;

 private:
  struct Route {
    std::vector<std::string> methods;
    std::string pattern;
    std::vector<std::string> segments;
    Lane lane;
    Handler handler;
    bool Allows(std::string_view method) const;
  };
  struct Match {
    const Route* route = nullptr;      // path and method fit
    std::vector<std::string> allowed;  // methods of routes whose path alone fits
    std::vector<std::pair<std::string, std::string>> parameters;
    bool has_bad_escape = false;
  };
  Match Find(std::string_view method, std::string_view path) const;
  Response Answer(const Match& match, const Request& request) const;

  std::string prefix_;
  std::vector<Route> routes_;
  std::vector<Finisher> finishers_;
  Observer observer_;
};

}  // namespace sloburn::web
