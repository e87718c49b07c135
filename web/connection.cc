// SPDX-License-Identifier: Apache-2.0
#include "web/connection.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <optional>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/str_cat.h"
#include "web/body_channel.h"
#include "web/client_stream.h"
#include "web/incoming_request.h"
#include "web/io_deadline.h"
#include "web/lingering_close.h"
#include "web/listen_address.h"
#include "web/login_check.h"
#include "web/outgoing_response.h"
#include "web/request_watch.h"
#include "web/web_security.h"

namespace sloburn::web {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr size_t kReadAheadBytes = 128 << 10;

class Connection : public RegisteredConnection, public std::enable_shared_from_this<Connection> {
 public:
  // `peer` is the client's address, with its port.
  Connection(std::shared_ptr<ConnectionHost> host, tcp::socket socket, const tcp::endpoint& peer)
      : host_(std::move(host)),
        stream_(std::move(socket), TlsOf(*host_)),
        deadline_(stream_.get_executor()),
        client_(peer.address().to_string()),
        remote_address_(FormatHostPort(client_, peer.port())),
        buffer_(HeadLimit(host_->options) + kReadAheadBytes),
        incoming_(*host_, remote_address_),
        watch_(stream_, host_->counters.timeouts),
        outgoing_(*host_),
        linger_(stream_, buffer_) {
    error_code ignored;
    stream_.socket().set_option(tcp::no_delay(true), ignored);
  }

  void Start() {
    asio::post(stream_.get_executor(), [self = Self()] {
      self->stream_.is_tls() ? self->Handshake() : self->ReadHead(/*is_first=*/true);
    });
  }
  void Refuse() {
    asio::post(stream_.get_executor(), [self = Self()] {
      self->lingers_ = false;  // so many clients cannot be waited for
      if (self->stream_.is_tls()) return self->Close();
      self->Fail(Response::PlainError(503, "503 Service Unavailable: too many connections"));
    });
  }

  int64_t WaitingSince() const override { return deadline_.waiting_since(); }

  void Abort() override {
    asio::post(stream_.get_executor(), [self = Self()] {
      self->watch_.Cancel();
      self->Close();
    });
  }
  void CloseWhenIdle() override {
    asio::post(stream_.get_executor(), [self = Self()] {
      if (self->is_between_requests_) self->Close();
    });
  }

 private:
  std::shared_ptr<Connection> Self() { return shared_from_this(); }
  const ServerOptions& options() const { return host_->options; }

  static std::shared_ptr<SSL_CTX> TlsOf(const ConnectionHost& host) {
    const auto& security = host.options.security;
    return security == nullptr ? nullptr : security->Current()->tls;
  }

  // --- time limits ---

  void Arm(absl::Duration limit) {
    deadline_.Arm(limit, [self = Self()] {
      ++self->host_->counters.timeouts;
      error_code ignored;
      self->stream_.socket().cancel(ignored);
    });
  }
  void Disarm() { deadline_.Disarm(); }

  // --- TLS ---

  void Handshake() {
    Arm(options().tls_handshake_timeout);
    stream_.async_handshake([self = Self()](const error_code& error) {
      self->Disarm();
      error ? self->OnHandshakeError(error) : self->ReadHead(/*is_first=*/true);
    });
  }

  void OnHandshakeError(const error_code& error) {
    ++host_->counters.tls_handshake_errors;
    Log(LogLevel::kDebug, "A TLS handshake failed",
        {{"client", remote_address_}, {"err", error.message()}});
    const bool is_plain = error.category() == asio::error::get_ssl_category() &&
                          ERR_GET_REASON(error.value()) == SSL_R_HTTP_REQUEST;
    if (!is_plain) return Close();
    // The words of Go's server, which operators know.
    static constexpr char kAnswer[] =
        "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
    Arm(options().write_timeout);
    asio::async_write(stream_.socket(), asio::buffer(kAnswer, sizeof kAnswer - 1),
                      [self = Self()](const error_code& failed, size_t) {
                        self->Disarm();
                        failed ? self->Close() : self->StartLinger();
                      });
  }

  // --- reading ---

  void ReadHead(bool is_first) {
    incoming_.Reset();
    is_between_requests_ = buffer_.size() == 0;
    if (is_first || !is_between_requests_) return ParseHead();
    if (host_->is_stopping) return Close();
    Arm(options().idle_timeout);
    stream_.async_read_some(buffer_.prepare(4096),
                            [self = Self()](const error_code& error, size_t bytes) {
                              self->Disarm();
                              if (error) return self->Close();
                              self->buffer_.commit(bytes);
                              self->ParseHead();
                            });
  }

  void ParseHead() {
    Arm(options().header_timeout);
    http::async_read_header(stream_, buffer_, incoming_.parser(),
                            [self = Self()](const error_code& error, size_t) {
                              self->Disarm();
                              self->is_between_requests_ = false;
                              error ? self->OnReadError(error) : self->OnHead();
                            });
  }

  void OnReadError(const error_code& error) {
    if (deadline_.has_passed() && incoming_.has_begun()) {
      return Fail(Response::PlainError(408, "408 Request Timeout"));
    }
    std::optional<Response> refusal = incoming_.RefusalOf(error);
    if (!refusal || !stream_.socket().is_open()) return Close();
    Fail(*std::move(refusal));
  }

  void OnHead() {
    if (std::optional<Response> refusal = incoming_.TakeHead()) return Fail(*std::move(refusal));
    options().security == nullptr ? AdmitBody() : AdmitRequest();
  }

  // --- login ---

  // Before the body is read: strangers shall not have it stored.
  void AdmitRequest() {
    WebSecurity& security = *options().security;
    state_ = security.Current();
    if (!security.AdmitRequest(state_->rate_limit)) {
      return Refuse(Response::PlainError(429, ReasonPhrase(429)));
    }
    if (state_->users.empty()) return AdmitBody();
    const std::optional<PasswordVerdict> verdict =
        CheckLogin(security.passwords(), *state_, incoming_.request(), client_,
                   [self = Self()](PasswordVerdict late) {
                     asio::post(self->stream_.get_executor(),
                                [self, late] { self->OnVerdict(late); });
                   });
    if (verdict) OnVerdict(*verdict);
  }

  void OnVerdict(PasswordVerdict verdict) {
    if (!stream_.socket().is_open()) return Close();
    if (verdict == PasswordVerdict::kAccepted) return AdmitBody();
    if (verdict == PasswordVerdict::kRefused) ++host_->counters.unauthorized;
    Refuse(RefuseLogin(verdict));
  }

  // The connection goes on where no body follows.
  void Refuse(Response response) {
    if (!incoming_.is_complete()) return Fail(std::move(response));
    keeps_alive_ = incoming_.keeps_alive();
    is_head_ = incoming_.is_head();
    response.SetHeader("X-Content-Type-Options", "nosniff");
    Write(std::move(response));
  }

  void AdmitBody() {
    if (std::optional<Response> refusal = incoming_.AdmitBody()) return Fail(*std::move(refusal));
    if (incoming_.is_complete()) return OnRequest();
    incoming_.waits_for_continue() ? SendContinue() : ReadBody();
  }

  void SendContinue() {
    static constexpr char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";
    Arm(options().write_timeout);
    asio::async_write(stream_, asio::buffer(kContinue, sizeof kContinue - 1),
                      [self = Self()](const error_code& error, size_t) {
                        self->Disarm();
                        error ? self->Close() : self->ReadBody();
                      });
  }

  void ReadBody() {
    Arm(options().body_timeout);
    http::async_read(stream_, buffer_, incoming_.parser(),
                     [self = Self()](const error_code& error, size_t) {
                       self->Disarm();
                       error ? self->OnReadError(error) : self->OnRequest();
                     });
  }

  // --- answering ---

  void OnRequest() {
    incoming_.TakeBody();
    keeps_alive_ = incoming_.keeps_alive();
    is_head_ = incoming_.is_head();
    const Lane lane = incoming_.lane();
    if (lane == Lane::kHealth) return Write(host_->router.Dispatch(incoming_.request()));
    auto request = std::make_shared<Request>(std::move(incoming_.request()));
    // Where bytes are left, the next request is here already.
    watch_.Start(request->cancelled, options().request_timeout,
                 /*watches_client=*/buffer_.size() == 0, Self());
    const absl::Time queued = absl::Now();
    host_->PoolOf(lane).Submit([self = Self(), request, queued] {
      request->queue_time = absl::Now() - queued;
      auto response = std::make_shared<Response>(
          request->cancelled->load() ? Response::PlainError(499, "Client Closed Request")
                                     : self->host_->router.Dispatch(*request));
      const auto write_body = response->write_body;
      const auto channel = write_body == nullptr || self->is_head_ ? nullptr : self->NewChannel();
      asio::post(self->stream_.get_executor(),
                 [self, response, channel] { self->OnResponse(std::move(*response), channel); });
      if (channel != nullptr) channel->Run(write_body);
    });
  }

  void OnResponse(Response response, std::shared_ptr<BodyChannel> channel) {
    watch_.Stop();
    if (!watch_.is_late()) return Write(std::move(response), std::move(channel));
    if (channel != nullptr) channel->Close();
    Write(TooLate());
  }

  Response TooLate() const {
    return Response::ApiError(503, "timeout",
                              StrCat("the request took longer than --web.request-timeout=",
                                     absl::FormatDuration(options().request_timeout)));
  }

  std::shared_ptr<BodyChannel> NewChannel() {
    return std::make_shared<BodyChannel>([self = Self()] {
      asio::post(self->stream_.get_executor(), [self] {
        if (self->outgoing_.is_waiting()) self->WritePiece();
      });
    });
  }

  // Answers and closes: what follows on the connection cannot be trusted.
  void Fail(Response response) {
    ++host_->counters.bad_requests;
    keeps_alive_ = false;
    is_head_ = false;
    response.SetHeader("X-Content-Type-Options", "nosniff");
    Write(std::move(response));
  }

  // `channel` null: the body is the response's own.
  void Write(Response response, std::shared_ptr<BodyChannel> channel = nullptr) {
    if (!stream_.socket().is_open()) {
      if (channel != nullptr) channel->Close();
      return Close();
    }
    const int version = incoming_.version();
    // Before chunks were invented, the end of the connection was the end of a body.
    if (channel != nullptr && version < 11) keeps_alive_ = false;
    keeps_alive_ = keeps_alive_ && !host_->is_stopping;
    if (state_ != nullptr) {
      for (const Header& header : state_->headers) {
        if (response.FindHeader(header.name).empty()) response.headers.push_back(header);
      }
    }
    outgoing_.Begin(std::move(response), {version, keeps_alive_, is_head_}, std::move(channel));
    WritePiece();
  }

  void WritePiece() {
    OutgoingResponse::Pieces pieces;
    switch (outgoing_.Next(pieces)) {
      case OutgoingResponse::State::kWaiting:
        return;
      case OutgoingResponse::State::kComplete:
        return OnWritten();
      case OutgoingResponse::State::kBroken:
        return Close();
      case OutgoingResponse::State::kLate:
        ++host_->counters.timeouts;
        return Close();
      case OutgoingResponse::State::kPiece:
        break;
    }
    Arm(options().write_timeout);
    asio::async_write(stream_, pieces, [self = Self()](const error_code& error, size_t) {
      self->Disarm();
      if (error) return self->Close();
      self->outgoing_.Advance();
      self->WritePiece();
    });
  }

  void OnWritten() {
    incoming_.ReleaseBody();
    if (keeps_alive_) return ReadHead(/*is_first=*/false);
    if (!lingers_) return Close();
    if (!stream_.is_tls()) return StartLinger();
    Arm(kLingerTime);
    stream_.async_shutdown([self = Self()](const error_code&) {
      self->Disarm();
      self->StartLinger();
    });
  }

  void StartLinger() {
    if (!stream_.socket().is_open()) return Close();
    Arm(kLingerTime);
    linger_.Start([self = Self()] {
      self->Disarm();
      self->Close();
    });
  }

  void Close() {
    watch_.Stop();
    error_code ignored;
    if (stream_.socket().is_open()) stream_.socket().close(ignored);
    Disarm();
    outgoing_.Abandon();
    host_->Unregister(this);
  }

  const std::shared_ptr<ConnectionHost> host_;
  ClientStream stream_;
  IoDeadline deadline_;
  const std::string client_, remote_address_;      // without and with the port
  std::shared_ptr<const WebSecurityState> state_;  // of the last request; may be null

  boost::beast::flat_buffer buffer_;
  IncomingRequest incoming_;
  RequestWatch watch_;
  OutgoingResponse outgoing_;
  LingeringClose linger_;

  bool is_between_requests_ = true;
  bool keeps_alive_ = false;
  bool is_head_ = false;
  bool lingers_ = true;
};

}  // namespace

void StartConnection(std::shared_ptr<ConnectionHost> host, tcp::socket socket) {
  ConnectionHost& shared = *host;
  error_code ignored;
  const tcp::endpoint peer = socket.remote_endpoint(ignored);
  auto connection = std::make_shared<Connection>(std::move(host), std::move(socket), peer);
  ++shared.counters.accepted;
  if (shared.Register(connection)) return connection->Start();
  ++shared.counters.refused;
  connection->Refuse();
}

}  // namespace sloburn::web
