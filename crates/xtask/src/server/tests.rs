use super::*;

#[test]
fn figures_are_read_by_name_and_labels() {
    let figures = Figures::read(
        "# HELP a_total Things.\n# TYPE a_total counter\na_total 12\nb{x=\"y z\"} 0.5\nnone\n",
    );
    assert_eq!(figures.of("a_total").unwrap(), 12.0);
    assert_eq!(figures.of("b{x=\"y z\"}").unwrap(), 0.5);
    let missing = figures.of("c").unwrap_err().to_string();
    assert_eq!(missing, "the server has no figure c");
}

#[test]
fn a_server_that_does_not_run_says_so() {
    let options = Options::new("none", Path::new("/nonesuch"), &std::env::temp_dir()).unwrap();
    let mut server = Server::new(options);
    let text = "the server does not run";
    assert_eq!(server.kill().unwrap_err().to_string(), text);
    assert_eq!(server.stop().unwrap_err().to_string(), text);
    assert_eq!(server.pid().unwrap_err().to_string(), text);
    assert_eq!(server.wait_ready().unwrap_err().to_string(), text);
    let error = server.execute().unwrap_err().to_string();
    assert!(error.starts_with("cannot start nonesuch serve --listen 127.0.0.1:"), "{error}");
}
