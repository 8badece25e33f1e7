//! What is asked or changed by a list: one that holds nothing is about no row.

use rhombus_provisioning::server::error::StoreError;
use rhombus_provisioning::server::store::sql::sql;
use rhombus_provisioning::server::store::{issues, user_erasure};

use crate::entra_test;
use crate::support::entra::user;

entra_test! {
    async fn a_list_that_holds_nothing_is_about_no_row(entra: Entra) {
        let mut body = user("ana");
        body["roles"][0]["value"] = "LEAD".into();
        entra.post(&body).await.is(400);
        entra.app.flush().await;
        let organization_id = entra.organization_id.clone();
        let db = &entra.app.app.db;
        let cleared: Result<(), StoreError> = db
            .write(move |tx| Box::pin(async move { user_erasure::clear_entries(tx, &organization_id, &[]).await }))
            .await;
        cleared.unwrap();
        let kept: Vec<(i64,)> = entra.app.rows(sql("SELECT count(*) FROM provisioning_log_payloads")).await;
        assert_eq!(kept, [(1,)]);
        let mut connection = db.read().await.unwrap();
        let open = issues::list_open_of_user(&mut connection, &entra.organization_id, &[], 10).await.unwrap();
        assert!(open.is_empty(), "{open:?}");
    }
}
