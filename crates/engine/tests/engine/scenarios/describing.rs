//! How people find an instance: business key and search attributes, from the start and as tasks complete.

use expect_test::expect;

use crate::harness::check;

const ORDER: &str = "
document:
  dsl: 1.0.3
  namespace: test
  name: order
  version: 1.0.0
  metadata:
    motet:
      businessKey: '${ .order }'
      attributes: {customer: '${ .customer }', total: '${ .total }', note: '${ .note }'}
do:
  - ship:
      call: http
      with: {method: post, endpoint: 'http://shop.test/ship'}
      metadata:
        motet:
          businessKey: '${ .parcel }'
          attributes: {carrier: '${ .carrier }', total: '${ $input.total + 1 }', note: '${ null }'}
";

#[test]
fn a_complete_task_says_how_its_instance_is_found() {
    check(
        ORDER,
        r#"
        start {"order":"o-1","customer":"Ada","total":20}
        answer ship 200 {"carrier":"north","parcel":17}
        "#,
        expect![[r#"
            > start {"order":"o-1","customer":"Ada","total":20}
            +0s 0 started
            +0s 1 /do/0/ship begins
            +0s 1 /do/0/ship calls #1 K1 POST http://shop.test/ship until +60s ⇒ call
            = running · unanswered: ship
            > answer ship 200 {"carrier":"north","parcel":17}
            +0s 1 /do/0/ship #1 gives {"carrier":"north","parcel":17}
            +0s 1 /do/0/ship described as 17 {"carrier":"north","note":null,"total":21}
            +0s 1 /do/0/ship done → end of scope
            +0s 0 completed {"carrier":"north","parcel":17}
            = completed {"carrier":"north","parcel":17}
        "#]],
    );
}

#[test]
fn what_cannot_be_found_fails_the_task() {
    check(
        ORDER,
        r#"
        start {"order":"o-1","customer":"Ada","total":20}
        answer ship 200 {"carrier":{"name":"north"},"parcel":17}
        "#,
        expect![[r#"
            > start {"order":"o-1","customer":"Ada","total":20}
            +0s 0 started
            +0s 1 /do/0/ship begins
            +0s 1 /do/0/ship calls #1 K1 POST http://shop.test/ship until +60s ⇒ call
            = running · unanswered: ship
            > answer ship 200 {"carrier":{"name":"north"},"parcel":17}
            +0s 1 /do/0/ship #1 gives {"carrier":{"name":"north"},"parcel":17}
            +0s 1 /do/0/ship fails: 400 expression at /do/0/ship (no search attribute: attributes.carrier: a search attribute is text, a number, a truth value or null)
            +0s 0 faulted in step 1: 400 expression at /do/0/ship (no search attribute: attributes.carrier: a search attribute is text, a number, a truth value or null)
            = faulted in step 1: 400 expression at /do/0/ship (no search attribute: attributes.carrier: a search attribute is text, a number, a truth value or null)
        "#]],
    );
}

#[test]
fn what_cannot_be_found_at_the_start_faults_the_instance() {
    check(
        ORDER,
        r#"
        start {"order":"o-1","customer":["Ada"],"total":20}
        "#,
        expect![[r#"
            > start {"order":"o-1","customer":["Ada"],"total":20}
            +0s 0 started
            +0s 0 fails: 400 expression at  (no search attribute: attributes.customer: a search attribute is text, a number, a truth value or null)
            +0s 0 faulted in step 0: 400 expression at  (no search attribute: attributes.customer: a search attribute is text, a number, a truth value or null)
            = faulted in step 0: 400 expression at  (no search attribute: attributes.customer: a search attribute is text, a number, a truth value or null)
        "#]],
    );
}
