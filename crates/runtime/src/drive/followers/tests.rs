use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;

fn name(text: &str) -> ServiceName {
    let (namespace, name) = text.split_once('/').expect("namespace/name");
    ServiceName { namespace: namespace.parse().unwrap(), name: name.parse().unwrap() }
}

/// Whether the follower has something to tell now.
fn hears(following: &mut Following<'_>) -> Option<Result<(), Error>> {
    let mut next = pin!(following.next());
    match next.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

#[test]
fn everybody_hears_of_what_they_follow_and_of_nothing_else() {
    let followers = Followers::default();
    let mut one = followers.follow(Subject::Service(name("shop/pay"))).unwrap();
    let mut other = followers.follow(Subject::Service(name("shop/ship"))).unwrap();
    let mut all = followers.follow(Subject::Namespace("shop".parse().unwrap())).unwrap();
    let mut elsewhere = followers.follow(Subject::Namespace("bank".parse().unwrap())).unwrap();
    followers.tell(&[name("shop/pay"), name("shop/zoo")]);
    let heard = [&mut one, &mut other, &mut all, &mut elsewhere].map(hears);
    assert_eq!(heard, [Some(Ok(())), None, Some(Ok(())), None]);
    // Once each, whatever came together.
    assert_eq!(hears(&mut all), None);
    followers.tell(&[name("bank/pay"), name("shop/pay")]);
    let heard = [&mut one, &mut other, &mut all, &mut elsewhere].map(hears);
    assert_eq!(heard, [Some(Ok(())), None, Some(Ok(())), Some(Ok(()))]);
}

#[test]
fn whoever_goes_leaves_nothing_behind() {
    let followers = Followers::default();
    let first = followers.follow(Subject::Service(name("shop/pay"))).unwrap();
    let second = followers.follow(Subject::Service(name("shop/pay"))).unwrap();
    drop(first);
    assert_eq!(followers.lock().len(), 1);
    drop(second);
    assert!(followers.lock().is_empty());
    assert_eq!(followers.room.available_permits(), FOLLOWERS_MAX);
}

#[test]
fn no_more_wait_than_may() {
    let followers = Followers::default();
    let follow = || followers.follow(Subject::Service(name("shop/pay")));
    let mut all: Vec<_> = (0..FOLLOWERS_MAX).map(|_| follow().unwrap()).collect();
    assert_eq!(follow().err(), Some(Error::Overloaded { retry_after: FULL_RETRY }));
    all.pop();
    assert!(follow().is_ok());
}

#[test]
fn a_stop_ends_every_wait_also_one_that_begins_later() {
    let followers = Followers::default();
    let mut before = followers.follow(Subject::Service(name("shop/pay"))).unwrap();
    assert_eq!(hears(&mut before), None);
    followers.stop();
    let mut after = followers.follow(Subject::Service(name("shop/pay"))).unwrap();
    let stopped = Some(Err(Error::Unavailable("it is stopping".to_owned())));
    assert_eq!([hears(&mut before), hears(&mut after)], [stopped.clone(), stopped]);
}
