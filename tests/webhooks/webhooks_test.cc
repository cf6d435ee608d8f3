// What PagerDuty and Statuspage send, and what is made of it.
#include "gate/incidents/webhooks.h"

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace gate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string PagerDuty(const std::string& type, const std::string& status,
                      const std::string& more = "") {
  return absl::StrCat(R"({"event": {"id": "E1", "event_type": ")", type,
                      R"(", "resource_type": "incident", "occurred_at": "2026-11-22T12:00:00.25Z",
        "data": {"id": "Q1", "type": "incident", "title": "Mails are late", "status": ")",
                      status, R"(", "html_url": "https://acme.example.com/incidents/Q1",
        "created_at": "2026-11-22T11:59:00Z",
        "service": {"summary": "Mail Queue"})",
                      more, "}}}");
}

std::string Statuspage(const std::string& status, const std::string& impact,
                       const std::string& more = "") {
  return absl::StrCat(R"({"page": {"id": "p"}, "incident": {"id": "s1", "name": "Slow pages",
      "status": ")",
                      status, R"(", "impact": ")", impact,
                      R"(", "created_at": "2026-11-22T12:00:00-05:00",
      "updated_at": "2026-11-22T12:01:00-05:00", "shortlink": "https://stspg.io/s1",
      "components": [{"name": "Shop"}, {"name": "API"}])",
                      more, "}}");
}

TEST(PagerDuty, AnIncidentIsReadWithItsTime) {
  const auto event = ReadPagerDuty(PagerDuty("incident.triggered", "triggered"));
  ASSERT_TRUE(event.ok()) << event.status();
  ASSERT_TRUE(event->incident);
  EXPECT_EQ(event->incident->external_id(), "Q1");
  EXPECT_EQ(event->incident->title(), "Mails are late");
  EXPECT_EQ(event->incident->url(), "https://acme.example.com/incidents/Q1");
  EXPECT_EQ(event->incident->state(), v1::INCIDENT_STATE_OPEN);
  EXPECT_EQ(event->time, absl::FromUnixMillis(1'795'348'800'250));
  EXPECT_THAT(event->names, ElementsAre("Mail Queue"));
}

TEST(PagerDuty, StatusAndSeverity) {
  const auto read = [](const std::string& status, const std::string& more) {
    return *ReadPagerDuty(PagerDuty("incident.escalated", status, more))->incident;
  };
  EXPECT_EQ(read("acknowledged", "").state(), v1::INCIDENT_STATE_OPEN);
  EXPECT_EQ(read("resolved", "").state(), v1::INCIDENT_STATE_RESOLVED);
  EXPECT_EQ(read("resolved", R"(, "urgency": "low")").severity(), v1::INCIDENT_SEVERITY_MINOR);
  EXPECT_EQ(read("resolved", R"(, "urgency": "high")").severity(), v1::INCIDENT_SEVERITY_MAJOR);
  EXPECT_EQ(read("resolved", R"(, "urgency": "low", "priority": {"summary": "P1"})").severity(),
            v1::INCIDENT_SEVERITY_CRITICAL);
  EXPECT_EQ(read("resolved", R"(, "priority": null)").severity(),
            v1::INCIDENT_SEVERITY_UNSPECIFIED);
}

TEST(PagerDuty, WhatIsNoIncidentIsPassedOver) {
  for (const char* body :
       {R"({"event": {"event_type": "pagey.ping", "data": {"type": "ping", "message": "hi"}}})",
        R"({"event": {"event_type": "incident.annotated", "data": {"type": "incident_note"}}})",
        R"({"event": {"event_type": "service.updated", "data": null}})"}) {
    const auto event = ReadPagerDuty(body);
    ASSERT_TRUE(event.ok()) << event.status();
    EXPECT_FALSE(event->incident) << body;
  }
}

TEST(PagerDuty, WhatIsNotUnderstoodIsRefusedWithAReason) {
  const auto why = [](const std::string& body) {
    return std::string(ReadPagerDuty(body).status().message());
  };
  EXPECT_THAT(why("{"), HasSubstr("no JSON"));
  EXPECT_THAT(why("[]"), HasSubstr("no JSON object"));
  EXPECT_THAT(why("{}"), HasSubstr("event.event_type"));
  EXPECT_THAT(why(PagerDuty("incident.x", "unheard of")), HasSubstr("\"unheard of\""));
  EXPECT_THAT(why(R"({"event": {"event_type": "a", "data": {"type": "incident"}}})"),
              HasSubstr("occurred_at"));
  EXPECT_THAT(why(R"({"event": {"event_type": "a", "occurred_at": "2026-11-22T12:00:00Z",
                      "data": {"type": "incident", "id": 7}}})"),
              HasSubstr("no id"));
}

TEST(Statuspage, AnIncidentIsReadWithItsComponents) {
  const auto event = ReadStatuspage(Statuspage("investigating", "critical"));
  ASSERT_TRUE(event.ok()) << event.status();
  ASSERT_TRUE(event->incident);
  EXPECT_EQ(event->incident->external_id(), "s1");
  EXPECT_EQ(event->incident->severity(), v1::INCIDENT_SEVERITY_CRITICAL);
  EXPECT_EQ(event->incident->state(), v1::INCIDENT_STATE_OPEN);
  EXPECT_EQ(Rfc3339(event->time), "2026-11-22T17:01:00Z");
  EXPECT_THAT(event->names, ElementsAre("Shop", "API"));
  EXPECT_EQ(ReadStatuspage(Statuspage("resolved", "minor"))->incident->state(),
            v1::INCIDENT_STATE_RESOLVED);
  EXPECT_EQ(ReadStatuspage(Statuspage("monitoring", "none"))->incident->state(),
            v1::INCIDENT_STATE_OPEN)
      << "a fix that is watched";
}

TEST(Statuspage, MaintenanceAndComponentsAreNoIncidents) {
  EXPECT_FALSE(ReadStatuspage(Statuspage("in_progress", "maintenance"))->incident);
  EXPECT_FALSE(ReadStatuspage(
                   Statuspage("scheduled", "none", R"(, "scheduled_for": "2026-11-23T00:00:00Z")"))
                   ->incident);
  EXPECT_FALSE(
      ReadStatuspage(R"({"component_update": {"new_status": "x"}, "component": {}})")->incident);
  EXPECT_THAT(std::string(ReadStatuspage("{}").status().message()), HasSubstr("neither"));
  EXPECT_THAT(std::string(ReadStatuspage(Statuspage("odd", "minor")).status().message()),
              HasSubstr("\"odd\""));
}

TEST(Signature, OneOfSeveralIsEnough) {
  // echo -n body | openssl dgst -sha256 -hmac secret
  const std::string good = "v1=dc46983557fea127b43af721467eb9b3fde2338fe3e14f51952aa8478c13d355";
  EXPECT_TRUE(IsSignedBy("secret", "body", good));
  EXPECT_TRUE(IsSignedBy("secret", "body", "v1=00, " + good));
  EXPECT_FALSE(IsSignedBy("secret", "other", good));
  EXPECT_FALSE(IsSignedBy("another", "body", good));
  EXPECT_FALSE(IsSignedBy("secret", "body", ""));
  EXPECT_FALSE(IsSignedBy("secret", "body", good.substr(3)));
  EXPECT_FALSE(IsSignedBy("", "body", good)) << "an empty secret is none";
  EXPECT_FALSE(IsSecret("", ""));
  EXPECT_TRUE(IsSecret("abc", "abc"));
  EXPECT_FALSE(IsSecret("abc", "abcd"));
}

TEST(Place, WhatNobodyHasNamedConcernsWhatTheConfigurationSays) {
  config::v1::IncidentWebhook webhook;
  (*webhook.mutable_service_names())["Mail Queue"] = "mail";
  (*webhook.mutable_service_names())["Shop*"] = "shop-*";
  (*webhook.mutable_service_names())["Shop API*"] = "shop-api";
  webhook.add_environments("production");
  const auto services = [&](const std::vector<std::string>& names) {
    v1::Incident incident;
    Place(webhook, names, incident);
    EXPECT_THAT(incident.environments(), ElementsAre("production"));
    return std::vector<std::string>(incident.services().begin(), incident.services().end());
  };
  EXPECT_THAT(services({"Mail Queue"}), ElementsAre("mail"));
  EXPECT_THAT(services({"Shop Window", "Shop API v2"}), ElementsAre("shop-*", "shop-api"));
  EXPECT_THAT(services({"Mail Queue", "Unknown"}), IsEmpty()) << "all of them, to be safe";
  EXPECT_THAT(services({}), IsEmpty());
  webhook.add_services("web");
  EXPECT_THAT(services({"Mail Queue", "Unknown"}), ElementsAre("mail", "web"));
}

}  // namespace
}  // namespace gate
