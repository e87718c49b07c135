// SPDX-License-Identifier: Apache-2.0
// The parts of the HTTP layer that are plain functions and values.
#include <zlib.h>

#include <string>
#include <vector>

#include "base/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "web/compression.h"
#include "web/form.h"
#include "web/listen_address.h"
#include "web/metrics.h"
#include "web/request_head.h"
#include "web/request_metrics.h"
#include "web/router.h"

namespace sloburn::web {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Request FormPost(std::string query, std::string body,
                 std::string type = "application/x-www-form-urlencoded") {
  Request request;
  request.method = "POST";
  request.query = std::move(query);
  request.body = std::move(body);
  request.headers = {{"content-type", std::move(type)}};
  return request;
}

TEST(FormTest, DecodesPairs) {
  Request request;
  request.query = "a=1+2%2B3&empty=&bare&b=%e2%82%ac&a=second&&=noname";
  const Form form(request);
  EXPECT_EQ(form.Get("a"), "1 2+3");
  EXPECT_EQ(form.Get("b"), "€");
  EXPECT_EQ(form.Get("empty"), "");
  EXPECT_EQ(form.Get(""), "noname");
  EXPECT_EQ(form.Get("missing"), "");
  EXPECT_THAT(form.GetAll("a"), ElementsAre("1 2+3", "second"));
  EXPECT_THAT(form.GetAll("bare"), ElementsAre(""));
  EXPECT_EQ(form.error(), "");
}

TEST(FormTest, BodyComesBeforeQuery) {
  const Form form(FormPost("a=query&only=query", "a=body"));
  EXPECT_EQ(form.Get("a"), "body");
  EXPECT_EQ(form.GetFromQuery("a"), "query");
  EXPECT_EQ(form.Get("only"), "query");
  EXPECT_THAT(form.GetAll("a"), ElementsAre("body", "query"));
}

TEST(FormTest, BodyCountsOnlyAsAForm) {
  EXPECT_EQ(Form(FormPost("", "a=1", "text/plain")).Get("a"), "");
  EXPECT_EQ(Form(FormPost("", "a=1", "Application/X-WWW-Form-Urlencoded; charset=utf-8")).Get("a"),
            "1");
  Request get = FormPost("", "a=1");
  get.method = "GET";
  EXPECT_EQ(Form(get).Get("a"), "");
}

TEST(FormTest, BadPairsAreLeftOutAndNamed) {
  Request request;
  request.query = "a=%zz&b=2&c=%4";
  const Form form(request);
  EXPECT_THAT(form.GetAll("a"), IsEmpty());
  EXPECT_EQ(form.Get("b"), "2");
  EXPECT_EQ(form.error(), "invalid URL escape \"%zz\"");
  request.query = "a=1;b=2";
  EXPECT_EQ(Form(request).error(), "invalid semicolon separator in query");
}

Router TestRouter() {
  Router router;
  router.Add({"GET"}, "/label/:name/values", Lane::kQuery, [](const Request& request) {
    return Response::Text(200, std::string(request.PathParameter("name")));
  });
  router.Add({"POST"}, "/write", Lane::kWrite,
             [](const Request&) { return Response::NoContent(); });
  router.Add({"OPTIONS"}, "/label/*", Lane::kHealth,
             [](const Request&) { return Response::NoContent(); });
  return router;
}

Response Dispatch(const Router& router, std::string method, std::string path) {
  Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  return router.Dispatch(request);
}

TEST(RouterTest, DecodesPathParameters) {
  const Router router = TestRouter();
  EXPECT_EQ(Dispatch(router, "GET", "/label/a%2Fb%20+c/values").body, "a/b +c");
  EXPECT_EQ(Dispatch(router, "HEAD", "/label/x/values").status, 200);
  EXPECT_EQ(Dispatch(router, "GET", "/label//values").status, 404);
  EXPECT_EQ(Dispatch(router, "GET", "/label/x/values/").status, 404);
  EXPECT_EQ(Dispatch(router, "GET", "/label/x/y/values").status, 404);
  EXPECT_EQ(Dispatch(router, "OPTIONS", "/label/x/y").status, 204);
  EXPECT_EQ(Dispatch(router, "GET", "/label/%f/values").status, 400);
  EXPECT_EQ(Dispatch(router, "GET", "").status, 404);
  EXPECT_EQ(Dispatch(router, "GET", "*").status, 404);
}

TEST(RouterTest, KnowsTheLaneBeforeTheBody) {
  const Router router = TestRouter();
  EXPECT_EQ(router.LaneFor("POST", "/write"), Lane::kWrite);
  EXPECT_EQ(router.LaneFor("GET", "/write"), Lane::kHealth);
  EXPECT_EQ(router.LaneFor("GET", "/label/a/values"), Lane::kQuery);
  EXPECT_EQ(router.LaneFor("GET", "/nothing"), Lane::kHealth);
}

TEST(RouterTest, ObservesPatternsNotPaths) {
  Router router = TestRouter();
  RequestMetrics metrics;
  router.SetObserver([&](std::string_view pattern, int status, double seconds, size_t bytes) {
    metrics.Observe(pattern, status, seconds, bytes);
  });
  Dispatch(router, "GET", "/label/abc/values");
  Dispatch(router, "GET", "/evil\n");
  std::vector<MetricFamily> families;
  metrics.Collect(families);
  const std::string text = WriteExposition(families);
  EXPECT_THAT(text, HasSubstr("sloburn_http_requests_total{code=\"200\","
                              "handler=\"/label/:name/values\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sloburn_http_requests_total{code=\"404\",handler=\"unknown\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sloburn_http_response_size_bytes_total{"
                              "handler=\"/label/:name/values\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{handler=\"unknown\",le=\"+Inf\"} 1\n"));
}

TEST(MetricsTest, WritesTheTextFormat) {
  std::vector<MetricFamily> families = {
      {"b_total",
       "Two\nlines \\ here.",
       MetricType::kCounter,
       {{{{"path", "a\"b\\c\nd"}}, 12345678901.0, ""}}},
      SingleMetric("a", "First.", MetricType::kGauge, 0.25),
      {"b_total", "ignored", MetricType::kCounter, {{{}, 1e21, ""}}},
  };
  EXPECT_EQ(WriteExposition(families),
            "# HELP a First.\n# TYPE a gauge\na 0.25\n"
            "# HELP b_total Two\\nlines \\\\ here.\n# TYPE b_total counter\n"
            "b_total{path=\"a\\\"b\\\\c\\nd\"} 1.2345678901e+10\nb_total 1e+21\n");
}

std::string Gunzip(const std::string& compressed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(CompressionTest, CompressesWhatIsWorthIt) {
  Request request;
  request.headers = {{"Accept-Encoding", "gzip;q=0.8, deflate"}};
  std::string body;
  for (int i = 0; i < 20000; ++i) StrAppend(&body, "[", i, ",\"", i * 7, "\"],");
  Response response = Response::Json(200, body);
  CompressResponse(request, response);
  EXPECT_EQ(response.FindHeader("Content-Encoding"), "gzip");
  EXPECT_EQ(response.FindHeader("Vary"), "Accept-Encoding");
  EXPECT_LT(response.body.size(), body.size() / 2);
  EXPECT_EQ(Gunzip(response.body), body);

  request.headers = {{"Accept-Encoding", "deflate"}};
  Response deflated = Response::Json(200, body);
  CompressResponse(request, deflated);
  EXPECT_EQ(deflated.FindHeader("Content-Encoding"), "deflate");
  std::string restored(body.size(), '\0');
  uLongf size = restored.size();
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(restored.data()), &size,
                       reinterpret_cast<const Bytef*>(deflated.body.data()), deflated.body.size()),
            Z_OK);
  EXPECT_EQ(restored, body);

  Response small = Response::Json(200, std::string(1024, 'a'));
  CompressResponse(request, small);
  EXPECT_EQ(small.body.size(), 1024);
  EXPECT_EQ(small.FindHeader("Vary"), "Accept-Encoding");
}

TEST(CompressionTest, ReadsAcceptEncoding) {
  EXPECT_EQ(ChooseCoding("gzip"), ContentCoding::kGzip);
  EXPECT_EQ(ChooseCoding("br, GZIP , deflate"), ContentCoding::kGzip);
  EXPECT_EQ(ChooseCoding("br, deflate, gzip"), ContentCoding::kDeflate);
  EXPECT_EQ(ChooseCoding("gzip;q=0, deflate;q=0.5"), ContentCoding::kDeflate);
  for (const char* none : {"gzip;q=0", "gzip; q=0.0, br", "xgzip", "*", "", "deflate;q=0"}) {
    EXPECT_EQ(ChooseCoding(none), ContentCoding::kIdentity) << none;
  }
}

TEST(RequestHeadTest, SplitsTargets) {
  std::string path, query;
  ASSERT_TRUE(SplitTarget("/a/b?x=1?y", &path, &query));
  EXPECT_EQ(path, "/a/b");
  EXPECT_EQ(query, "x=1?y");
  ASSERT_TRUE(SplitTarget("http://host:1/a", &path, &query));
  EXPECT_EQ(path, "/a");
  EXPECT_EQ(query, "");
  ASSERT_TRUE(SplitTarget("http://host", &path, &query));
  EXPECT_EQ(path, "/");
  EXPECT_FALSE(SplitTarget("host:443", &path, &query));
  EXPECT_FALSE(SplitTarget("", &path, &query));
}

TEST(RequestHeadTest, ResponseHeadersCannotBeSplit) {
  Response response = Response::Text(200, "abc");
  response.SetHeader("X-Echo", "a\r\nSet-Cookie: evil");
  const std::string head = WriteResponseHead(response, 11, true);
  EXPECT_THAT(head, HasSubstr("X-Echo: a  Set-Cookie: evil\r\n"));
  EXPECT_THAT(head, HasSubstr("HTTP/1.1 200 OK\r\nDate: "));
  EXPECT_THAT(head, HasSubstr("Content-Length: 3\r\n\r\n"));
}

TEST(ListenAddressTest, ReadsHostAndPort) {
  const auto v6 = ParseListenAddress("[::1]:9090");
  ASSERT_TRUE(v6.ok()) << v6.status();
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->port, 9090);
  const auto all = ParseListenAddress(":0");
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->host, "");
  EXPECT_EQ(ParseListenAddress("::1:9090").status().message(),
            "cannot listen on \"::1:9090\": an IPv6 host needs brackets around it; expected "
            "HOST:PORT, as in 127.0.0.1:9090");
  EXPECT_EQ(FormatHostPort("::1", 80), "[::1]:80");
  EXPECT_EQ(FormatHostPort("127.0.0.1", 80), "127.0.0.1:80");
}

}  // namespace
}  // namespace sloburn::web
