//! Listing tenants.

use serde_json::json;

use super::{ORDERED, expect_no_page, expect_pages, walk};
use crate::harness::both;

const TENANTS: &str = "/api/v1/tenants/";
const NAMES: (&str, &str) = ("tenants", "tenantId");

both! {
    async fn list_of_nothing_is_empty(app: App) {
        assert_eq!(app.get(TENANTS).await.expect(200), json!({ "tenants": [] }));
    }

    async fn list_answers_whole_tenants(app: App) {
        let full = json!({ "tenantId": "b", "name": "B", "region": "BE", "timeZone": "UTC" });
        let tenants = [json!({ "tenantId": "a" }), full];
        for tenant in &tenants {
            app.post(TENANTS, tenant.clone()).await.expect(201);
        }
        assert_eq!(app.get(TENANTS).await.expect(200), json!({ "tenants": tenants }));
    }

    async fn pages_hold_everything_once_in_the_order_of_code_points(app: App) {
        for id in ORDERED.iter().rev() {
            app.post(TENANTS, json!({ "tenantId": id })).await.expect(201);
        }
        expect_pages(&app, TENANTS, NAMES).await;
    }

    async fn a_page_holds_100_when_not_asked(app: App) {
        let ids: Vec<String> = (0..101).map(|number| format!("{number:03}")).collect();
        for id in &ids {
            app.post(TENANTS, json!({ "tenantId": id })).await.expect(201);
        }
        let page = app.get(TENANTS).await.expect(200);
        assert_eq!(page["tenants"].as_array().map(Vec::len), Some(100));
        assert_eq!(page["next"], "099");
        let page = app.get("/api/v1/tenants/?after=099").await.expect(200);
        assert_eq!(page, json!({ "tenants": [{ "tenantId": "100" }] }));
    }

    async fn a_page_neither_repeats_nor_skips_when_others_write(app: App) {
        for id in ["a", "c", "e"] {
            app.post(TENANTS, json!({ "tenantId": id })).await.expect(201);
        }
        let page = app.get("/api/v1/tenants/?limit=2").await.expect(200);
        assert_eq!(page["next"], "c");
        app.delete("/api/v1/tenants/c/").await.expect(200);
        app.post(TENANTS, json!({ "tenantId": "b" })).await.expect(201);
        let page = app.get("/api/v1/tenants/?limit=2&after=c").await.expect(200);
        assert_eq!(page, json!({ "tenants": [{ "tenantId": "e" }] }));
        assert_eq!(walk(&app, TENANTS, NAMES, 2).await, [vec!["a", "b"], vec!["e"]]);
    }

    async fn list_refuses_what_is_no_page(app: App) {
        expect_no_page(&app, TENANTS).await;
    }
}
