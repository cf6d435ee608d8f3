#include "checks/canary/rules.h"

#include <array>

namespace gate {
namespace {

constexpr std::array kRules = {
    RuleDoc{"canary.clock", "values of a time that has not come yet",
            "The metrics server and the gate disagree about what time it is. Which interval is the "
            "newest, and whether it is too old, is unknown then.",
            "Set the clocks right, by NTP, on both machines."},
    RuleDoc{"canary.counter_reset", "a counter fell while the canary ran",
            "A counter only falls when its process ends, and what it had counted since the last "
            "scrape is lost with it: the errors of a crash are the ones that are missing. The "
            "interval is left out on both cohorts, so harm can still be proven, safety cannot.",
            "Look for restarts of the cohort that is named. The reset stops mattering when it has "
            "left the window."},
    RuleDoc{
        "canary.gap", "intervals without samples",
        "For some intervals there are no counts of a cohort that was there before, of both, or of "
        "a process that came and went or that only shows events. What happened there is unknown, "
        "and it may be the worst of it.",
        "See whether the targets were up: up{job=\"...\"} == 0. The gap stops mattering when it "
        "has left the window."},
    RuleDoc{"canary.harm", "the canary is worse than the baseline by more than the margin",
            "The error rate of the new version is over that of the old one, at the same time and "
            "under the same load, by more than the margin. Chance would show as much in a healthy "
            "canary in at most alpha of all canaries, however often one asks.",
            "Take the traffic off the canary, and compare the errors of the two versions:\n"
            "  sum by (track, code) (increase(http_requests_total{code=~\"5..\"}[10m]))"},
    RuleDoc{"canary.impossible_counts", "more events than exposure",
            "An interval with more errors than requests means that the two selectors do not count "
            "the same thing, so that no rate can be taken from them.",
            "Let `events` be `exposure` with one matcher more:\n"
            "  events:   http_requests_total{job=\"${service}\",code=~\"5..\"}\n"
            "  exposure: http_requests_total{job=\"${service}\"}"},
    RuleDoc{"canary.new_error_type", "a kind of error that old code does not have",
            "An exception or a status that comes up on the canary and never on old code is news, "
            "even where the rate of all errors is as it was: among many errors a new one hides "
            "well. Chance would show one in at most alpha of all canaries.",
            "Look for it in the canary's log. Where it is expected, say so in an exemption; where "
            "it must never go out, let the policy forbid it:\n"
            "  severities: {canary.new_error_type: BLOCK}"},
    RuleDoc{"canary.no_data", "the metrics could not be seen",
            "The metrics server did not answer, refused the question, or knows neither counter. "
            "What is not seen is not safe.",
            "Paste the query of the evidence into the metrics server, and see that it answers."},
    RuleDoc{"canary.no_old_version", "no old code to compare with",
            "The canary takes traffic, and no old code does at the same time, or its metrics carry "
            "other values of the cohort label. Without a yardstick nothing is proven.",
            "Keep old code under traffic until the canary is judged:\n"
            "  baseline: v41        # the value of the cohort label\n"
            "or compare with earlier weeks, which proves less:\n"
            "  earlier_weeks: 2"},
    RuleDoc{"canary.not_a_number", "a value that is not a count",
            "Counts are whole numbers. NaN, infinity or half an error come from an exporter that "
            "reports something else, or from a recording rule over rate().",
            "Select the raw counter, without recording rules."},
    RuleDoc{"canary.not_started", "no traffic on the canary yet",
            "The new version has taken no traffic in the window, so there is nothing to compare.",
            "Route a part of the traffic to the new version, label its metrics as the canary, and "
            "say when it began:\n"
            "  change.canary.started_at: 2026-11-20T14:00:00Z"},
    RuleDoc{"canary.old_version", "the old version got worse since the canary began",
            "The old version is worse than it was before the canary, so that a canary that is just "
            "as bad would pass for healthy. After a migration it may be the old version alone that "
            "suffers: then going back makes it worse for everyone.",
            "Where the finding says that the canary is better, go forward. Otherwise wait for a "
            "minute or two and ask again; and look at what both versions use."},
    RuleDoc{"canary.shared_harm", "both versions got worse since the canary began",
            "Compared with each other both look alike; compared with the old version before the "
            "canary both are worse, by more than the margin and at least by half. What they share "
            "suffers: a cache, a database, a queue.",
            "Take the canary back, and its migration with it where there is one. Where the "
            "migration cannot be taken back, hold, and call who owns the database."},
    RuleDoc{"canary.silent_cohort", "one cohort is silent",
            "Only what happens to both cohorts at the same time can be compared. A dead target "
            "looks like one without errors.",
            "See that both cohorts run, take traffic, and carry the cohort label."},
    RuleDoc{"canary.stale", "the newest evidence is too old",
            "The metrics end before now. The canary may have broken since.",
            "See whether the metrics server still scrapes, and whether the clocks agree."},
    RuleDoc{"canary.traffic_split",
            "the canary does not get the part of the traffic that it should",
            "Its part of the requests is proven to be a quarter more or less than the change says. "
            "Whatever routes the traffic does something else than was meant, and the requests of "
            "the two cohorts may differ for that reason alone.",
            "See what routes the traffic: weights, sticky sessions, health checks. Or tell the "
            "share that is meant, in change.canary.share."},
    RuleDoc{"canary.undecided", "neither harm nor safety is proven yet",
            "The counts so far fit a healthy canary and a harmful one. The check never takes "
            "silence for consent, and asking again costs nothing: it may be asked at any time "
            "without raising the chance of a false alarm.",
            "Wait, or give the canary a larger share of the traffic. Where errors are rare a "
            "larger `margin` is the honest choice: twofold (1.0) is found in a tenth of the time "
            "that a fifth (0.2) takes. Where there are next to none, say with `tolerated_rate` "
            "what nobody minds: 30 / tolerated_rate requests without an error prove it."},
    RuleDoc{"canary.warm_up", "the canary is warming up",
            "The first minutes of a new process tell of cold caches and code that is being "
            "compiled, not of the version. They do not count.",
            "Wait. `warm_up` in the policy says for how long."},
    RuleDoc{"canary.window", "the canary has run for longer than the window",
            "Evidence older than the window is forgotten, so what the counts say moves with it, "
            "and the promise about false alarms holds for one window, not for the whole canary.",
            "Set `window` to at least as long as a canary runs, up to 24h."},
};

}  // namespace

std::span<const RuleDoc> CanaryRules() { return kRules; }

}  // namespace gate
