// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/http_connection.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "base/str_cat.h"

namespace sloburn::remote {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using boost::system::error_code;

using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;
using Parser = http::response_parser<http::buffer_body>;

constexpr int kMostInterimAnswers = 8;

absl::Status FileError(const std::string& what, const std::string& file, const error_code& ec) {
  const std::string text = StrCat("cannot use ", what, " ", file, ": ", ec.message());
  return ec == boost::system::errc::no_such_file_or_directory ? absl::NotFoundError(text)
                                                              : absl::InvalidArgumentError(text);
}

bool IsAddress(const std::string& host) {
  error_code ec;
  asio::ip::make_address(host, ec);
  return !ec;
}

}  // namespace

struct TlsContext::Rep {
  ssl::context context{ssl::context::tls_client};
  std::string server_name;
  bool verifies = true;
};

TlsContext::TlsContext(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
TlsContext::~TlsContext() = default;

absl::StatusOr<std::unique_ptr<TlsContext>> TlsContext::Create(const TlsOptions& options,
                                                               const std::string& host) {
  if (options.cert_file.empty() != options.key_file.empty()) {
    return absl::InvalidArgumentError("tls: cert_file and key_file must be given together");
  }
  try {
    auto rep = std::make_unique<Rep>();
    rep->server_name = options.server_name.empty() ? host : options.server_name;
    rep->verifies = !options.insecure_skip_verify;
    ssl::context& context = rep->context;
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
    context.set_verify_mode(rep->verifies ? ssl::verify_peer : ssl::verify_none);
    error_code ec;
    if (options.ca_file.empty()) {
      context.set_default_verify_paths(ec);
      if (ec) return absl::InternalError(StrCat("tls: no system certificates: ", ec.message()));
    } else if (context.load_verify_file(options.ca_file, ec); ec) {
      return FileError("ca_file", options.ca_file, ec);
    }
    if (!options.cert_file.empty()) {
      if (context.use_certificate_chain_file(options.cert_file, ec); ec) {
        return FileError("cert_file", options.cert_file, ec);
      }
      if (context.use_private_key_file(options.key_file, ssl::context::pem, ec); ec) {
        return FileError("key_file", options.key_file, ec);
      }
    }
    return std::unique_ptr<TlsContext>(new TlsContext(std::move(rep)));
  } catch (const std::exception& error) {
    return absl::InternalError(StrCat("tls: ", error.what()));
  }
}

struct HttpConnection::Rep {
  Rep(const Url& url, const TlsContext* tls) : url(url), tls(tls) {}

  // Runs one asynchronous operation to its end; the stream's deadline bounds it.
  template <typename Start>
  error_code Await(Start start) {
    error_code result;
    bool is_done = false;
    start([&](const error_code& ec, auto&&...) {
      result = ec;
      is_done = true;
    });
    context.restart();
    while (!is_done && context.run_one() > 0) {
    }
    return is_done ? result : error_code(asio::error::operation_aborted);
  }

  template <typename Function>
  auto WithStream(Function function) {
    return tls_stream ? function(*tls_stream) : function(*plain_stream);
  }

  PlainStream& lowest() { return tls_stream ? tls_stream->next_layer() : *plain_stream; }

  void ExpireAfter(absl::Duration wait) {
    const absl::Duration bounded = std::clamp(wait, absl::ZeroDuration(), absl::Hours(24));
    lowest().expires_after(std::chrono::microseconds(absl::ToInt64Microseconds(bounded)));
  }
  void ExpireAt(absl::Time deadline) { ExpireAfter(deadline - absl::Now()); }
  void ExpireIdle(const Limits& limits) {
    ExpireAfter(std::min(limits.idle_timeout, limits.deadline - absl::Now()));
  }

  absl::Status ToStatus(const error_code& ec, std::string_view doing) const;
  absl::Status Handshake();

  const Url& url;
  const TlsContext* const tls;
  asio::io_context context{1};
  std::optional<PlainStream> plain_stream;
  std::optional<TlsStream> tls_stream;
  beast::flat_buffer buffer;
  std::optional<Parser> parser;
  std::array<char, 64 << 10> piece;
  std::atomic<bool> is_cancelled{false};
  bool has_answer_begun = false;
  bool is_reusable = false;
};

absl::Status HttpConnection::Rep::ToStatus(const error_code& ec, std::string_view doing) const {
  if (is_cancelled) return absl::CancelledError(StrCat(doing, ": cancelled"));
  if (ec == beast::error::timeout) return absl::DeadlineExceededError(StrCat(doing, ": timed out"));
  if (ec == http::error::header_limit || ec == http::error::buffer_overflow) {
    return absl::ResourceExhaustedError(StrCat(doing, ": the head of the answer is too large"));
  }
  if (ec == http::error::end_of_stream || ec == http::error::partial_message ||
      ec == asio::error::eof || ec == ssl::error::stream_truncated) {
    return absl::UnavailableError(StrCat(doing, ": the server closed the connection"));
  }
  if (ec.category() == http::make_error_code(http::error::bad_version).category()) {
    return absl::UnavailableError(StrCat(doing, ": the answer is not HTTP: ", ec.message()));
  }
  return absl::UnavailableError(StrCat(doing, ": ", absl::AsciiStrToLower(ec.message())));
}

absl::Status HttpConnection::Rep::Handshake() {
  SSL* const handle = tls_stream->native_handle();
  const std::string& name = tls->rep_->server_name;
  if (!IsAddress(name)) SSL_set_tlsext_host_name(handle, name.c_str());
  if (tls->rep_->verifies) tls_stream->set_verify_callback(ssl::host_name_verification(name));
  const error_code ec = Await([&](auto handler) {
    tls_stream->async_handshake(ssl::stream_base::client, std::move(handler));
  });
  if (!ec) return absl::OkStatus();
  const int64_t verdict = SSL_get_verify_result(handle);
  if (verdict != X509_V_OK && ec.category() == asio::error::get_ssl_category()) {
    return absl::UnavailableError(StrCat("TLS: the server's certificate for ", name,
                                         " is refused: ", X509_verify_cert_error_string(verdict)));
  }
  return ToStatus(ec, "TLS handshake");
}

HttpConnection::HttpConnection(const Url& url, const TlsContext* tls)
    : rep_(std::make_unique<Rep>(url, tls)) {}
HttpConnection::~HttpConnection() = default;

absl::Status HttpConnection::Open(const Limits& limits) {
  try {
    error_code ec;
    asio::ip::tcp::resolver resolver(rep_->context);
    const auto endpoints = resolver.resolve(rep_->url.host, StrCat(rep_->url.port), ec);
    if (ec) return rep_->ToStatus(ec, "cannot resolve the name");
    if (rep_->tls != nullptr) {
      rep_->tls_stream.emplace(rep_->context, rep_->tls->rep_->context);
    } else {
      rep_->plain_stream.emplace(rep_->context);
    }
    rep_->ExpireAfter(std::min(limits.connect_timeout, limits.deadline - absl::Now()));
    ec = rep_->Await(
        [&](auto handler) { rep_->lowest().async_connect(endpoints, std::move(handler)); });
    if (ec) return rep_->ToStatus(ec, "cannot connect");
    rep_->lowest().socket().set_option(asio::ip::tcp::no_delay(true), ec);
    return rep_->tls != nullptr ? rep_->Handshake() : absl::OkStatus();
  } catch (const std::exception& error) {
    return absl::UnavailableError(error.what());
  }
}

absl::StatusOr<HttpResponse> HttpConnection::Exchange(const HttpRequest& request,
                                                      const std::string& target,
                                                      const HttpHeaders& headers,
                                                      const Limits& limits) {
  rep_->has_answer_begun = false;
  rep_->is_reusable = false;
  try {
    http::request<http::span_body<const char>> message;
    message.method_string(request.method);
    message.target(target);
    message.version(11);
    const bool is_default_port = rep_->url.port == (rep_->url.is_https ? 443 : 80);
    const std::string authority = rep_->url.Authority();
    message.set(http::field::host,
                is_default_port ? authority.substr(0, authority.rfind(':')) : authority);
    for (const auto& [name, value] : headers) message.set(name, value);
    message.body() = {request.body.data(), request.body.size()};
    message.prepare_payload();
    rep_->ExpireAt(limits.deadline);
    error_code ec = rep_->Await([&](auto handler) {
      rep_->WithStream(
          [&](auto& stream) { http::async_write(stream, message, std::move(handler)); });
    });
    // A server may answer, with an error, before it has read everything: look for that first.
    const error_code write_error = ec;
    int interim = 0;
    do {
      if (++interim > kMostInterimAnswers) {
        return absl::UnavailableError("too many interim answers");
      }
      rep_->parser.emplace();
      rep_->parser->header_limit(static_cast<uint32_t>(limits.max_head_bytes));
      rep_->parser->body_limit(boost::none);
      rep_->ExpireIdle(limits);
      ec = rep_->Await([&](auto handler) {
        rep_->WithStream([&](auto& stream) {
          http::async_read_header(stream, rep_->buffer, *rep_->parser, std::move(handler));
        });
      });
      if (rep_->buffer.size() > 0 || rep_->parser->got_some()) rep_->has_answer_begun = true;
      if (ec) return rep_->ToStatus(write_error ? write_error : ec, "no answer");
    } while (rep_->parser->get().result_int() / 100 == 1);
    HttpResponse response;
    response.status = static_cast<int>(rep_->parser->get().result_int());
    for (const auto& field : rep_->parser->get()) {
      response.headers.emplace_back(absl::AsciiStrToLower(std::string(field.name_string())),
                                    std::string(field.value()));
    }
    rep_->is_reusable = !write_error && rep_->parser->is_done() && rep_->parser->keep_alive();
    return response;
  } catch (const std::exception& error) {
    return absl::UnavailableError(error.what());
  }
}

absl::StatusOr<std::string_view> HttpConnection::ReadBody(const Limits& limits) {
  try {
    while (!rep_->parser->is_done()) {
      auto& body = rep_->parser->get().body();
      body.data = rep_->piece.data();
      body.size = rep_->piece.size();
      body.more = true;
      if (absl::Now() >= limits.deadline) {
        return absl::DeadlineExceededError("reading the answer: timed out");
      }
      rep_->ExpireIdle(limits);
      const error_code ec = rep_->Await([&](auto handler) {
        rep_->WithStream([&](auto& stream) {
          http::async_read_some(stream, rep_->buffer, *rep_->parser, std::move(handler));
        });
      });
      const size_t size = rep_->piece.size() - body.size;
      if (ec && ec != http::error::need_buffer) return rep_->ToStatus(ec, "reading the answer");
      rep_->is_reusable = rep_->parser->is_done() && rep_->parser->keep_alive();
      if (size > 0) return std::string_view(rep_->piece.data(), size);
    }
    return std::string_view();
  } catch (const std::exception& error) {
    return absl::UnavailableError(error.what());
  }
}

bool HttpConnection::has_answer_begun() const { return rep_->has_answer_begun; }
bool HttpConnection::can_be_reused() const { return rep_->is_reusable; }
bool HttpConnection::is_length_known() const {
  return rep_->parser->chunked() || rep_->parser->content_length().has_value() ||
         rep_->parser->is_done();
}

void HttpConnection::Cancel() {
  rep_->is_cancelled = true;
  asio::post(rep_->context, [rep = rep_.get()] {
    if (rep->tls_stream || rep->plain_stream) rep->lowest().close();
  });
}

}  // namespace sloburn::remote
