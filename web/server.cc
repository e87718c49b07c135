// SPDX-License-Identifier: Apache-2.0
#include "web/server.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "web/connection.h"
#include "web/connection_host.h"
#include "web/listen_address.h"
#include "web/web_security.h"

namespace sloburn::web {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Time to wait when the process is out of file descriptors.
constexpr std::chrono::milliseconds kAcceptPause(100);
constexpr absl::Duration kAbortTime = absl::Seconds(5);

absl::Status CannotListen(const std::string& text, const error_code& error) {
  std::string advice;
  if (error == asio::error::address_in_use) {
    advice = "; stop the process that uses it or choose another with --web.listen-address";
  }
  return absl::UnavailableError(StrCat("cannot listen on ", text, ": ", error.message(), advice));
}

// The endpoints to try in turn.
absl::StatusOr<std::vector<tcp::endpoint>> Resolve(asio::io_context& io, const std::string& text) {
  ASSIGN_OR_RETURN(const ListenAddress address, ParseListenAddress(text));
  if (address.host.empty()) {
    return std::vector<tcp::endpoint>{{tcp::v6(), address.port}, {tcp::v4(), address.port}};
  }
  error_code error;
  tcp::resolver resolver(io);
  const auto found =
      resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive, error);
  if (error) return CannotListen(text, error);
  std::vector<tcp::endpoint> endpoints;
  for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  return endpoints;
}

error_code Listen(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  error_code error, ignored;
  if (acceptor.is_open()) acceptor.close(ignored);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6() && endpoint.address().is_unspecified()) {
    acceptor.set_option(asio::ip::v6_only(false), ignored);
  }
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

class BeastServer : public Server {
 public:
  BeastServer(const ServerOptions& options, const Router& router)
      : host_(std::make_shared<ConnectionHost>(options, router)), work_(io_.get_executor()) {}

  ~BeastServer() override { Stop(absl::ZeroDuration()).IgnoreError(); }

  absl::Status Open() {
    if (host_->options.listen_addresses.empty()) {
      return absl::InvalidArgumentError("no address to listen on; set --web.listen-address");
    }
    for (const std::string& text : host_->options.listen_addresses) {
      ASSIGN_OR_RETURN(const std::vector<tcp::endpoint> endpoints, Resolve(io_, text));
      auto acceptor = std::make_unique<tcp::acceptor>(asio::make_strand(io_));
      error_code error;
      for (const tcp::endpoint& endpoint : endpoints) {
        error = Listen(*acceptor, endpoint);
        if (!error) break;
      }
      if (error) return CannotListen(text, error);
      acceptors_.push_back(std::move(acceptor));
    }
    for (const auto& acceptor : acceptors_) Accept(*acceptor);
    for (int i = 0; i < std::max(1, host_->options.io_threads); ++i) {
      io_threads_.emplace_back([this] { RunIo(); });
    }
    return absl::OkStatus();
  }

  int port() const override { return ports_and_addresses().front().first; }

  std::vector<std::string> addresses() const override {
    std::vector<std::string> texts;
    for (const auto& [port, text] : ports_and_addresses()) texts.push_back(text);
    return texts;
  }

  absl::Status Stop(absl::Duration grace) override;
  void CollectMetrics(std::vector<MetricFamily>& families) const override;

  void RememberAddresses() {
    for (const auto& acceptor : acceptors_) {
      error_code ignored;
      const tcp::endpoint local = acceptor->local_endpoint(ignored);
      bound_.emplace_back(local.port(), FormatHostPort(local.address().to_string(), local.port()));
    }
  }

 private:
  const std::vector<std::pair<int, std::string>>& ports_and_addresses() const { return bound_; }

  void RunIo() {
    while (true) {
      try {
        io_.run();
        return;
      } catch (const std::exception& error) {
        // Only that one connection's step is lost: out of memory, most likely.
        Log(LogLevel::kError, "A connection failed", {{"err", error.what()}});
      }
    }
  }

  void Accept(tcp::acceptor& acceptor) {
    acceptor.async_accept(asio::make_strand(io_),
                          [this, &acceptor](const error_code& error, tcp::socket socket) {
                            if (!acceptor.is_open() || host_->is_stopping) return;
                            if (error) return PauseAccept(acceptor);
                            Accept(acceptor);  // first: the other may run out of memory
                            StartConnection(host_, std::move(socket));
                          });
  }

  void PauseAccept(tcp::acceptor& acceptor) {
    auto timer = std::make_shared<asio::steady_timer>(acceptor.get_executor(), kAcceptPause);
    timer->async_wait([this, &acceptor, timer](const error_code&) {
      if (acceptor.is_open() && !host_->is_stopping) Accept(acceptor);
    });
  }

  asio::io_context io_;
  const std::shared_ptr<ConnectionHost> host_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::vector<std::unique_ptr<tcp::acceptor>> acceptors_;
  std::vector<std::pair<int, std::string>> bound_;
  std::vector<std::thread> io_threads_;
  std::atomic<bool> has_stopped_{false};
};

absl::Status BeastServer::Stop(absl::Duration grace) {
  if (has_stopped_.exchange(true)) return absl::OkStatus();
  host_->is_stopping = true;
  for (const auto& acceptor : acceptors_) {
    asio::post(acceptor->get_executor(), [&acceptor = *acceptor] {
      error_code ignored;
      acceptor.close(ignored);
    });
  }
  for (const auto& connection : host_->All()) connection->CloseWhenIdle();
  const bool all_finished = host_->WaitUntilEmpty(absl::Now() + grace);
  if (!all_finished) {
    for (const auto& connection : host_->All()) connection->Abort();
    if (!io_threads_.empty()) host_->WaitUntilEmpty(absl::Now() + kAbortTime);
  }
  host_->StopPools();
  io_.stop();
  for (std::thread& thread : io_threads_) thread.join();
  io_threads_.clear();
  host_->Clear();
  return all_finished ? absl::OkStatus()
                      : absl::DeadlineExceededError("some requests were cancelled at shutdown");
}

void BeastServer::CollectMetrics(std::vector<MetricFamily>& families) const {
  const ConnectionHost::Counters& counters = host_->counters;
  const auto add = [&](std::string_view name, std::string_view help, MetricType type,
                       int64_t value) {
    families.push_back(SingleMetric(name, help, type, static_cast<double>(value)));
  };
  add("sloburn_http_connections", "Open client connections.", MetricType::kGauge, host_->count());
  add("sloburn_http_connections_accepted_total", "Client connections accepted.",
      MetricType::kCounter, counters.accepted);
  add("sloburn_http_connections_refused_total",
      "Connections refused because all were busy with requests.", MetricType::kCounter,
      counters.refused);
  add("sloburn_http_connections_evicted_total",
      "Connections closed while they waited for their client, to make room for new ones.",
      MetricType::kCounter, counters.evicted);
  add("sloburn_http_bad_requests_total", "Requests refused before they reached a handler.",
      MetricType::kCounter, counters.bad_requests);
  add("sloburn_http_tls_handshake_errors_total", "TLS handshakes that failed.",
      MetricType::kCounter, counters.tls_handshake_errors);
  add("sloburn_http_unauthorized_total", "Requests refused for a missing or wrong password.",
      MetricType::kCounter, counters.unauthorized);
  add("sloburn_http_timeouts_total", "Reads and writes given up because the client was too slow.",
      MetricType::kCounter, counters.timeouts);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options, const Router& router) {
  try {
    auto server = std::make_unique<BeastServer>(options, router);
    RETURN_IF_ERROR(server->Open());
    server->RememberAddresses();
    return server;
  } catch (const std::exception& error) {
    return absl::UnavailableError(StrCat("cannot start the HTTP server: ", error.what()));
  }
}

}  // namespace sloburn::web
