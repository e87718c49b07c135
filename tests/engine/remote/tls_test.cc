// SPDX-License-Identifier: Apache-2.0
// The HTTP client's TLS: certificates are verified, against the right name, and may be required of
// the client.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <thread>

#include "base/check.h"
#include "base/str_cat.h"
#include "engine/remote/http_client.h"

namespace sloburn::remote {
namespace {

using testing::HasSubstr;

// A self-signed certificate for `name`, as two files.
struct Certificate {
  Certificate(const std::string& file_name, const std::string& subject_alternative_name)
      : cert_file(testing::TempDir() + "/" + file_name + ".crt"),
        key_file(testing::TempDir() + "/" + file_name + ".key") {
    EVP_PKEY* const key = EVP_EC_gen("P-256");
    X509* const cert = X509_new();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME* const subject = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(file_name.c_str()), -1, -1,
                               0);
    X509_set_issuer_name(cert, subject);
    X509_EXTENSION* const names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name,
                                                      subject_alternative_name.c_str());
    X509_add_ext(cert, names, -1);
    X509_EXTENSION_free(names);
    CHECK(X509_sign(cert, key, EVP_sha256()) > 0);
    FILE* file = fopen(cert_file.c_str(), "w");
    PEM_write_X509(file, cert);
    fclose(file);
    file = fopen(key_file.c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    fclose(file);
    X509_free(cert);
    EVP_PKEY_free(key);
  }

  std::string cert_file, key_file;
};

// Serves one connection per call of the thread's loop, until it is destroyed.
class TlsServer {
 public:
  explicit TlsServer(const Certificate& certificate, const std::string& client_ca = "")
      : context_(SSL_CTX_new(TLS_server_method())) {
    CHECK(SSL_CTX_use_certificate_file(context_, certificate.cert_file.c_str(), SSL_FILETYPE_PEM) ==
          1);
    CHECK(SSL_CTX_use_PrivateKey_file(context_, certificate.key_file.c_str(), SSL_FILETYPE_PEM) ==
          1);
    if (!client_ca.empty()) {
      CHECK(SSL_CTX_load_verify_locations(context_, client_ca.c_str(), nullptr) == 1);
      SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    CHECK(listen(listener_, 8) == 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }

  ~TlsServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
    SSL_CTX_free(context_);
  }

  int port() const { return port_; }
  const std::string& server_name() const { return server_name_; }

 private:
  void Serve() {
    for (int fd = 0; (fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0; close(fd)) {
      const timeval limit{2, 0};
      setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
      SSL* const ssl = SSL_new(context_);
      SSL_set_fd(ssl, fd);
      char request[4096];
      if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof request) > 0) {
        const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        server_name_ = name != nullptr ? name : "";
        const std::string_view answer =
            "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret";
        SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
        SSL_shutdown(ssl);
      }
      SSL_free(ssl);
    }
  }

  SSL_CTX* const context_;
  int listener_ = -1;
  int port_ = 0;
  std::string server_name_;
  std::thread thread_;
};

absl::StatusOr<HttpResponse> Get(const TlsServer& server, TlsOptions tls,
                                 const std::string& host = "localhost") {
  HttpClientOptions options{.url = StrCat("https://", host, ":", server.port()),
                            .total_timeout = absl::Seconds(10),
                            .tls = std::move(tls)};
  auto client = HttpClient::Create(std::move(options));
  if (!client.ok()) return client.status();
  return (*client)->Get("/");
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(TlsTest, VerifiesAgainstTheGivenAuthority) {
  const Certificate certificate("tls-good", "DNS:localhost,IP:127.0.0.1");
  TlsServer server(certificate);
  const auto response = Get(server, {.ca_file = certificate.cert_file});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "secret");
  EXPECT_EQ(server.server_name(), "localhost");
  EXPECT_TRUE(Get(server, {.ca_file = certificate.cert_file}, "127.0.0.1").ok());
}

TEST(TlsTest, RefusesUnknownAuthoritiesAndWrongNames) {
  const Certificate certificate("tls-one", "DNS:localhost");
  const Certificate other("tls-two", "DNS:localhost");
  TlsServer server(certificate);
  for (const std::string& ca : {std::string(), other.cert_file}) {
    const absl::Status status = Get(server, {.ca_file = ca}).status();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_THAT(Message(status), HasSubstr("certificate for localhost is refused"));
  }
  const absl::Status name = Get(server, {.ca_file = certificate.cert_file}, "127.0.0.1").status();
  EXPECT_TRUE(absl::IsUnavailable(name)) << name;
}

TEST(TlsTest, ServerNameAndSkipVerify) {
  const Certificate certificate("tls-named", "DNS:prometheus.example");
  TlsServer server(certificate);
  EXPECT_FALSE(Get(server, {.ca_file = certificate.cert_file}).ok());
  const auto named = Get(
      server, {.ca_file = certificate.cert_file, .server_name = "prometheus.example"}, "127.0.0.1");
  ASSERT_TRUE(named.ok()) << named.status();
  EXPECT_EQ(server.server_name(), "prometheus.example");
  EXPECT_TRUE(Get(server, {.insecure_skip_verify = true}).ok());
}

TEST(TlsTest, ClientCertificates) {
  const Certificate certificate("tls-server", "DNS:localhost");
  const Certificate client("tls-client", "DNS:client");
  TlsServer server(certificate, client.cert_file);
  EXPECT_FALSE(Get(server, {.ca_file = certificate.cert_file}).ok());
  const auto response = Get(server, {.ca_file = certificate.cert_file,
                                     .cert_file = client.cert_file,
                                     .key_file = client.key_file});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "secret");
}

TEST(TlsTest, BadFilesAreNamed) {
  const Certificate certificate("tls-files", "DNS:localhost");
  const std::string junk = testing::TempDir() + "/junk.pem";
  std::ofstream(junk) << "no certificate";
  const absl::Status bad =
      HttpClient::Create({.url = "https://h", .tls = {.ca_file = junk}}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(bad)) << bad;
  EXPECT_THAT(Message(bad), HasSubstr(junk));
  const absl::Status key =
      HttpClient::Create(
          {.url = "https://h", .tls = {.cert_file = certificate.cert_file, .key_file = junk}})
          .status();
  EXPECT_THAT(Message(key), HasSubstr("key_file " + junk));
}

TEST(TlsTest, PlainHttpOnATlsPort) {
  const Certificate certificate("tls-plain", "DNS:localhost");
  TlsServer server(certificate);
  const auto client = *HttpClient::Create(
      {.url = StrCat("http://127.0.0.1:", server.port()), .total_timeout = absl::Seconds(5)});
  EXPECT_FALSE(client->Get("/").ok());
}

}  // namespace
}  // namespace sloburn::remote
